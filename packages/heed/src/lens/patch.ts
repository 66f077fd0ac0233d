import { HeedError, HeedTypeError } from '../errors.js'
import type { Intervention } from '../models/run.js'
import { checkFloats } from '../ops/check.js'
import { put, type PutPart } from '../ops/put.js'
import { sameShape, show } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'
import type { Capture } from './capture.js'
import { at, chosenHeads, type HeadChoice, HEADS } from './interventions-heads.js'

export interface PatchOptions {
  /** At these positions only, from 0. Default: all. */
  positions?: readonly number[]
  /** Of these heads only: for activations by head (`q`, `k`, `v`, `heads`). Default: all. */
  heads?: HeadChoice
}

/**
 * Puts an activation of another run in place, whole, at some positions, or of some heads (activation patching; Meng et
 * al. 2022, "Locating and Editing Factual Associations in GPT", section 2.1).
 *
 * @param activation by its name (`layers.3.output`, `encoder.0.heads`)
 * @param source the activation, of the shape it has in this run, or a capture that holds it; it must outlive the run
 * @throws HeedError `not-found` when the capture does not hold it; in the run: `not-found` for an activation, position or
 *   head that there is not; `input` when the runs differ in length, naming both, as every step of a generation does
 */
export function patch(
  activation: string,
  source: Capture | Tensor,
  { positions, heads }: PatchOptions = {},
): Intervention {
  const given = source instanceof Tensor ? source : source.activation(activation)
  if (heads !== undefined && given.rank !== 4)
    throw new HeedTypeError(
      'option',
      `patch: ${activation} ${show(given.shape)} is not by head; those that are end in .q, .k, .v or .heads`,
    )
  return {
    onePass: true,
    sites: activation,
    activation(_, x) {
      checkFloats('patch', { [activation]: x, source: given })
      checkFits(activation, x, given)
      if (positions === undefined && heads === undefined) return given
      return put(x, partsOf(activation, given, positions, heads))
    },
  }
}

function checkFits(activation: string, x: Tensor, given: Tensor): void {
  if (sameShape(x.shape, given.shape)) return
  const [here, there] = [x.shape[1], given.shape[1]]
  const sameButLength = sameShape(x.shape.toSpliced(1, 1), given.shape.toSpliced(1, 1))
  throw new HeedError(
    'input',
    sameButLength
      ? `patch: ${activation} has ${here} ${here === 1 ? 'position' : 'positions'} in this run and ${there} in the other; patch between passes over whole texts with as many tokens`
      : `patch: ${activation} is ${show(x.shape)} in this run and ${show(given.shape)} in the other`,
  )
}

function partsOf(
  activation: string,
  given: Tensor,
  positions: readonly number[] | undefined,
  heads: HeadChoice | undefined,
): PutPart[] {
  const T = given.shape[1]
  const wrong = positions?.find((t) => !(Number.isInteger(t) && t >= 0 && t < T))
  if (wrong !== undefined)
    throw new HeedError(
      'not-found',
      `patch: there is no position ${wrong} at ${activation}; there are 0 to ${T - 1}`,
    )
  const views = (axis: number, choice: readonly number[] | undefined) =>
    choice ? [...new Set(choice)].map((i) => at(axis, i)) : [(t: Tensor) => t]
  const chosen = heads === undefined ? undefined : chosenHeads(activation, heads, given.shape[HEADS])
  return views(1, positions).flatMap((position) =>
    views(HEADS, chosen).map((head) => {
      const there = (t: Tensor) => head(position(t))
      return { at: there, by: there(given) }
    }),
  )
}
