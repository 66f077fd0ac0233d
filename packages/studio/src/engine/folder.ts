import { HeedError } from 'heed'
import { blobFolder, type Folder } from 'heed/io'

/** Files of this machine that the reader opened as a model: a file is read when and where it is asked for, never whole. */
export interface GivenFolder {
  /** Names may come twice, numbers do not. */
  number: number
  /** As addresses call it: `./name`. */
  name: string
  files: readonly { path: string; file: Blob }[]
}

const given = new Map<number, GivenFolder>()

/** Files come into the engine once; models name them by their number. What was opened under that name before goes. */
export async function giveFolder(folder: GivenFolder): Promise<void> {
  for (const { number, name } of given.values()) if (name === folder.name) given.delete(number)
  given.set(folder.number, folder)
}

/**
 * The folder of a number, with all files that a model of text needs.
 *
 * @throws what `checkFiles` throws; `not-found` for a number that was never given
 */
export function givenFolder(number: number, name: string): Folder {
  const folder = given.get(number)
  if (!folder)
    throw new HeedError('not-found', `${name}: the page has forgotten its files; open the folder again`)
  checkFiles(
    name,
    folder.files.map(({ path }) => path),
  )
  const files = new Map(folder.files.map(({ path, file }) => [path, file]))
  return blobFolder(name, async (path) => files.get(path))
}

/** Weights that others read, and heed does not. */
const FOREIGN = /\.(bin|pt|pth|ckpt|gguf|h5|onnx|msgpack|npz|tflite)$/

/**
 * Whether a model of text can be among files of these names; said before a byte of weights is read.
 *
 * @throws HeedError `not-found` for a file that is missing, `unsupported` for weights in another format
 */
export function checkFiles(folder: string, names: readonly string[]): void {
  const has = (name: string) => names.includes(name)
  const missing = (name: string, advice: string) =>
    new HeedError('not-found', `${folder}: no ${name}; ${advice}`)
  if (!has('config.json'))
    throw missing(
      'config.json',
      'a model folder in Hugging Face layout has one beside its weights: open the folder that holds it',
    )
  if (!has('model.safetensors') && !has('model.safetensors.index.json')) {
    const foreign = names.find((name) => FOREIGN.test(name))
    if (foreign)
      throw new HeedError(
        'unsupported',
        `${folder}: ${foreign} holds weights in a format that heed does not read; save the model as safetensors, model.save_pretrained(folder, safe_serialization=True) in Python`,
      )
    const other = names.find((name) => name.endsWith('.safetensors'))
    throw missing(
      'model.safetensors',
      other
        ? `${other} is not looked for without a model.safetensors.index.json that names it: rename it, or add the index`
        : 'the weights are missing: take all files of the model, model.safetensors among them',
    )
  }
  if (!has('tokenizer.json'))
    throw missing(
      'tokenizer.json',
      'without it no text becomes tokens: save it beside the weights, AutoTokenizer.from_pretrained(name).save_pretrained(folder) in Python',
    )
}
