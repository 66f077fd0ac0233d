import { backendOf } from '../backends/current.js'
import type { KeysValues } from '../nn/attention-block.js'
import { checkShapeIs, emptyLike } from '../ops/check.js'
import { tensor } from '../ops/create.js'
import { embedding } from '../ops/embedding.js'
import { reshape, slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * Keys and values of the positions that a step-wise decoding has passed, so that a step computes its own position
 * only. Self-attention grows by `append`; what comes from a source is made once by `once`. Owns its tensors.
 */
export class Cache implements Disposable {
  readonly #grown = new Map<string, { k: Growing; v: Growing }>()
  readonly #fixed = new Map<string, KeysValues>()

  /** Positions that every site holds; meaningful between passes. */
  get length(): number {
    const [first] = this.#grown.values()
    return first ? first.k.length : 0
  }

  /**
   * Adds k and v [B, T, H, D] at a site and gives views of all so far, [B, length, H, D].
   *
   * @throws HeedTypeError `shape` when B, H or D are not those of what the site holds.
   */
  append(site: string, k: Tensor, v: Tensor): KeysValues {
    let grown = this.#grown.get(site)
    if (!grown) this.#grown.set(site, (grown = { k: new Growing(), v: new Growing() }))
    return { k: grown.k.append(k), v: grown.v.append(v) }
  }

  /** The keys and values of a site, made by the first call. */
  once(site: string, make: () => KeysValues): KeysValues {
    let fixed = this.#fixed.get(site)
    if (!fixed) {
      fixed = make()
      fixed.k.keep()
      fixed.v.keep()
      this.#fixed.set(site, fixed)
    }
    return fixed
  }

  /**
   * Goes on with other batch rows: new row r continues old row `rows[r]` in what was appended, and new source s is old
   * source `sources[s]` in what was made once. Views handed out before stay as they are.
   */
  select(rows: Int32Array, sources?: Int32Array): void {
    for (const { k, v } of this.#grown.values()) {
      k.select(rows)
      v.select(rows)
    }
    if (!sources) return
    for (const [site, { k, v }] of this.#fixed) {
      this.#fixed.set(site, { k: gatherRows(k, sources), v: gatherRows(v, sources) })
      k.dispose()
      v.dispose()
    }
  }

  dispose(): void {
    for (const { k, v } of this.#grown.values()) {
      k.dispose()
      v.dispose()
    }
    for (const { k, v } of this.#fixed.values()) {
      k.dispose()
      v.dispose()
    }
    this.#grown.clear()
    this.#fixed.clear()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/**
 * A buffer [B, capacity, H, D] whose first `length` positions are in use. It doubles when full: appending stays cheap,
 * and selecting rows never copies more than twice what is used, whatever the longest output may be.
 */
export class Growing {
  length = 0
  #buffer: Tensor | undefined

  /** All that is in use, [B, length, H, D]. */
  view(): Tensor {
    return slice(this.#buffer!, 1, 0, this.length)
  }

  /** Adds x [B, T, H, D] and gives the view of all. */
  append(x: Tensor): Tensor {
    return scope(() => {
      const { kernels } = backendOf(x)
      const [B, T, H, D] = x.shape
      const end = this.length + T
      const old = this.#buffer
      if (old) checkShapeIs('Cache', 'what is appended', x, [old.shape[0], -1, ...old.shape.slice(2)])
      let buffer = old
      if (!buffer || end > buffer.shape[1]) {
        const capacity = Math.max(16, end, 2 * (old?.shape[1] ?? 0))
        buffer = this.#buffer = emptyLike(x, [B, capacity, H, D]).keep()
        if (old) kernels.copy(slice(old, 1, 0, this.length), slice(buffer, 1, 0, this.length))
        old?.dispose()
      }
      kernels.copy(x, slice(buffer, 1, this.length, end))
      this.length = end
      return this.view()
    })
  }

  select(rows: Int32Array): void {
    if (!this.#buffer) return
    const old = this.#buffer
    this.#buffer = gatherRows(old, rows)
    old.dispose()
  }

  dispose(): void {
    this.#buffer?.dispose()
  }
}

/** Rows of x [B, …] by number, as a tensor of the caller's own: what an embedding does with its table. */
const gatherRows = (x: Tensor, rows: Int32Array): Tensor =>
  scope(() => {
    const ids = tensor(rows, [rows.length], { backend: backendOf(x) })
    return reshape(embedding(ids, reshape(x, [x.shape[0], -1])), [rows.length, ...x.shape.slice(1)])
  }).keep()
