import { HeedError } from '../errors.js'
import { exists, readText, writeFileAtomic } from '../io/files.js'
import { parseRecord, quote } from '../json.js'
import type { TransformerConfig } from './transformer-config.js'

/** How a translator is best asked: chosen once on validation data, kept in generation_config.json. */
export interface GenerationSettings {
  /** `num_beams`. Default 4. */
  beam: number
  /** `gnmt_length_penalty`: α of ((5 + length) / 6)^α (not the `length_penalty` of transformers). Default 0.6. */
  lengthPenalty: number
  /** `alignment_layer`: the decoder layer whose cross-attention aligns best. Default: the last but one. */
  alignmentLayer: number
}

/**
 * Checks a generation_config.json and fills in the defaults. Fields that other tools write there are left alone.
 *
 * @throws HeedError `format` for a value out of range
 */
export function generationSettings(
  json: Readonly<Record<string, unknown>>,
  { decoder_layers }: TransformerConfig,
): GenerationSettings {
  const read = (field: string, fallback: number, ok: (x: number) => boolean, expected: string): number => {
    const value = Object.hasOwn(json, field) ? json[field] : fallback
    if (typeof value === 'number' && ok(value)) return value
    throw new HeedError(
      'format',
      `generation_config.json: '${field}' is ${quote(value)}, expected ${expected}`,
    )
  }
  const whole = (min: number, max: number) => (x: number) => Number.isInteger(x) && x >= min && x <= max
  return {
    beam: read('num_beams', 4, whole(1, 64), 'a whole number from 1 to 64'),
    lengthPenalty: read('gnmt_length_penalty', 0.6, (x) => x >= 0 && x <= 10, 'a number from 0 to 10'),
    alignmentLayer: read(
      'alignment_layer',
      Math.max(0, decoder_layers - 2),
      whole(0, decoder_layers - 1),
      `a layer from 0 to ${decoder_layers - 1}`,
    ),
  }
}

/** Writes the settings that are given into the generation_config.json of a model folder; other fields of it stay. */
export async function saveSettings(folder: string, settings: Partial<GenerationSettings>): Promise<void> {
  const file = `${folder}/generation_config.json`
  const before = (await exists(file)) ? parseRecord(await readText(file), file) : {}
  const given = Object.entries({
    num_beams: settings.beam,
    gnmt_length_penalty: settings.lengthPenalty,
    alignment_layer: settings.alignmentLayer,
  }).filter(([, value]) => value !== undefined)
  await writeFileAtomic(file, `${JSON.stringify({ ...before, ...Object.fromEntries(given) }, null, 2)}\n`)
}
