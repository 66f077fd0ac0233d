import { HeedError, HeedTypeError } from '../errors.js'
import { rotaryFrequencies, type RotaryFrequencies, type RotaryScaling } from '../nn/index.js'
import type { ConfigReader } from './config.js'

/**
 * The rotary embedding of whole heads of `dim` components, as config.json says it: `rope_parameters`, or `rope_theta`
 * and `rope_scaling` as transformers wrote it before version 5. `maxPositions` is what the model takes without scaling.
 *
 * @throws HeedError `unsupported` for a kind of scaling that is not offered, `format` for values that it does not take
 */
export function rotaryOf(
  c: ConfigReader,
  dim: number,
  maxPositions: number,
): { frequencies: RotaryFrequencies; maxPositions: number } {
  const [today, before] = [c.inner('rope_parameters', {}), c.inner('rope_scaling', {})]
  const [rope, other] = Object.keys(before.json).length > 0 ? [before, today] : [today, before]
  if (Object.keys(other.json).length > 0)
    throw new HeedError('format', `${c.name}: config.json has rope_parameters and rope_scaling; keep one`)

  const theta = (c: ConfigReader, fallback: number) =>
    c.number('rope_theta', { min: 1, below: 1e15, fallback })
  const base = theta(rope, theta(c, 10000))
  for (const reader of [c, rope]) reader.oneOf('partial_rotary_factor', [1], 1)

  const scaling: Record<string, unknown> = {
    ...rope.json,
    rope_type: rope.json.rope_type ?? rope.json.type ?? 'default',
  }
  delete scaling.rope_theta
  delete scaling.partial_rotary_factor
  if (scaling.rope_type === 'llama3' || scaling.rope_type === 'yarn')
    scaling.original_max_position_embeddings ??= maxPositions
  try {
    const frequencies = rotaryFrequencies({ dim, theta: base, scaling: scaling as unknown as RotaryScaling })
    return { frequencies, maxPositions: Math.max(maxPositions, stretched(scaling)) }
  } catch (error) {
    if (!(error instanceof HeedTypeError)) throw error
    const code = error.code === 'option' ? 'format' : error.code
    throw new HeedError(code, `${c.name}: config.json: ${error.message}`, { cause: error })
  }
}

/** yarn is switched on in a config whose max_position_embeddings may still be that of the first training. */
const stretched = ({
  rope_type,
  factor,
  original_max_position_embeddings: context,
}: Record<string, unknown>) =>
  rope_type === 'yarn' ? Math.floor((factor as number) * (context as number)) : 0
