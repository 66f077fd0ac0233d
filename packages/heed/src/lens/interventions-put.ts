import { backendOf } from '../backends/current.js'
import { HeedError } from '../errors.js'
import { dense, checkFloats, emptyLike } from '../ops/check.js'
import { zeros } from '../ops/create.js'
import { record } from '../ops/record.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'

/** A part of a tensor, as a view of it, and what comes there: a tensor of the view's shape, of any strides. */
export interface Part {
  readonly at: (t: Tensor) => Tensor
  readonly by: Tensor
}

/**
 * x with other numbers in some of its parts, which do not overlap. Backward: the gradient of a part goes to what was
 * put there, and none of it to x.
 */
export function put(x: Tensor, parts: readonly Part[]): Tensor {
  return scope(() => {
    const { kernels } = checkFloats(
      'put',
      { x },
      Object.fromEntries(parts.map(({ by }, n) => [`by${n}`, by])),
    )
    const out = emptyLike(x)
    kernels.copy(x, out)
    for (const { at, by } of parts) kernels.copy(by, at(out))
    return record('put', [x, ...parts.map(({ by }) => by)], out, (dy, [wantX, ...wantBy]) => {
      const dx = emptyLike(x)
      kernels.copy(dy, dx)
      for (const { at, by } of parts) kernels.copy(zerosFor(x, by.shape), at(dx))
      const dBy = parts.map(({ at }, n) => (wantBy[n] ? dense(at(dense(dy))) : undefined))
      return [wantX ? dx : undefined, ...dBy]
    })
  })
}

/** Zeros on x's backend, of any shape: one number, seen everywhere. */
export const zerosFor = (x: Tensor, shape: Shape = x.shape): Tensor =>
  zeros([1], { dtype: x.dtype, backend: backendOf(x) }).view(
    shape,
    shape.map(() => 0),
  )

/** Index i of an axis, which stays with size 1. */
export const at =
  (axis: number, i: number) =>
  (t: Tensor): Tensor =>
    t.view(
      t.shape.map((size, a) => (a === axis ? 1 : size)),
      t.strides,
      t.offset + i * t.strides[axis],
    )

/** The axis of heads in q, k, v and the heads' output, [B, T, H, D], and in weights, [B, H, Tq, Tk]. */
export const [HEADS, HEADS_OF_WEIGHTS] = [2, 1]

/** x with the chosen heads replaced by those of `by`, a tensor of x's shape; `by` itself where all are chosen. */
export const putHeads = (x: Tensor, by: Tensor, heads: readonly number[], axis = HEADS): Tensor =>
  heads.length === x.shape[axis]
    ? by
    : put(
        x,
        heads.map((head) => ({ at: at(axis, head), by: slice(by, axis, head, head + 1) })),
      )

/** Which heads an intervention acts on; default all. */
export type HeadChoice = number | readonly number[]

/**
 * The heads chosen, each once, of the `count` that a site has.
 *
 * @throws HeedError `not-found` for one that there is not
 */
export function chosenHeads(site: string, choice: HeadChoice | undefined, count: number): number[] {
  const all = [...Array(count).keys()]
  if (choice === undefined) return all
  const wanted = typeof choice === 'number' ? [choice] : choice
  const unknown = wanted.find((head) => !all.includes(head))
  if (unknown !== undefined)
    throw new HeedError('not-found', `there is no head ${unknown} at ${site}; heads are 0 to ${count - 1}`)
  return all.filter((head) => wanted.includes(head))
}
