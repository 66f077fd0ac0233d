import { HeedError, HeedTypeError } from '../errors.js'
import { quote } from '../json.js'
import { put } from '../ops/put.js'
import { slice } from '../ops/views.js'
import type { Tensor } from '../tensor/tensor.js'

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
 * @throws HeedError `not-found` for one that there is not; HeedTypeError `option` for what is no number
 */
export function chosenHeads(site: string, choice: HeadChoice | undefined, count: number): number[] {
  const all = [...Array(count).keys()]
  if (choice === undefined) return all
  const wanted: readonly unknown[] = Array.isArray(choice) ? choice : [choice]
  if (!wanted.every((head) => typeof head === 'number'))
    throw new HeedTypeError(
      'option',
      `heads are named by number, one or a list of them, got ${quote(choice)}`,
    )
  const unknown = wanted.find((head) => !all.includes(head))
  if (unknown !== undefined)
    throw new HeedError('not-found', `there is no head ${unknown} at ${site}; heads are 0 to ${count - 1}`)
  return all.filter((head) => wanted.includes(head))
}
