/*
 * A model of the reader's own: files that were chosen or dropped, and which of them are a model folder. Nothing is read here
 * but a config.json, for its name.
 */

/** A file, with its path within what was chosen or dropped. */
export interface OwnFile {
  path: string
  file: File
}

/** A model folder of this machine. */
export interface OwnFolder {
  /** As addresses call it: `./name`. */
  name: string
  files: readonly OwnFile[]
  /** Of its weights. */
  bytes: number
}

/** Names of models: a folder's begins as the command's would. */
export const isFolderName = (name: string): boolean => name.startsWith('./')

/** `org/name` or `org/name@revision` of the hub. */
export const isHubName = (name: string): boolean =>
  !isFolderName(name) && /^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(name)

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1)
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** What models are made of: enough to say that it is one, or what is wrong with it. */
const OF_MODELS = /(^|\/)(config|tokenizer)\.json$|\.(safetensors|bin|pt|pth|ckpt|gguf|onnx|h5)$/
export const isModelFile = ({ path }: OwnFile): boolean => OF_MODELS.test(path)

/**
 * The model among files: the folder with a config.json that lies highest, else the one with weights. Paths become those
 * within it.
 *
 * @returns undefined where nothing is of a model
 */
export async function modelAmong(all: readonly OwnFile[]): Promise<OwnFolder | undefined> {
  const depth = ({ path }: OwnFile) => path.split('/').length
  const [first] = all
    .filter(isModelFile)
    .sort((a, b) => rank(a) - rank(b) || depth(a) - depth(b) || (a.path < b.path ? -1 : 1))
  if (!first) return undefined
  const folder = folderOf(first.path)
  const files = all
    .filter(({ path }) => path.startsWith(folder))
    .map(({ path, file }) => ({ path: path.slice(folder.length), file }))
  const name = nameOf(folder.slice(0, -1)) || (await ownName(files)) || 'model'
  const weights = files.filter(({ path }) => /^[^/]+\.safetensors$/.test(path))
  return { name: `./${name}`, files, bytes: weights.reduce((sum, { file }) => sum + file.size, 0) }
}

const rank = ({ path }: OwnFile) => (/(^|\/)(?<!1_Pooling\/)config\.json$/.test(path) ? 0 : 1)

/** Files without a folder: the name that a config often has. */
async function ownName(files: readonly OwnFile[]): Promise<string | undefined> {
  const config = files.find(({ path }) => path === 'config.json')
  if (!config || config.file.size > 1e6) return undefined
  try {
    const { _name_or_path: name } = JSON.parse(await config.file.text()) as Record<string, unknown>
    return typeof name === 'string' ? /[\w.-]+$/.exec(name)?.[0] : undefined
  } catch {
    return undefined // The engine says what is wrong with it.
  }
}

/** Files of an input, with the folder's own name at the beginning of their paths where a folder was chosen. */
export const chosenFiles = (list: FileList): OwnFile[] =>
  Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }))

/** A folder with more is hardly a model's. */
const MOST_FILES = 2000

/** Dropped files, of dropped folders those within. To be called while the event is handled. */
export async function droppedFiles({ items }: DataTransfer): Promise<OwnFile[]> {
  // Before the first await: items are gone after it.
  const dropped = Array.from(items, (item) => ({
    entry: item.webkitGetAsEntry?.() ?? undefined,
    file: item.getAsFile() ?? undefined,
  }))
  const found: OwnFile[] = []
  for (const { entry, file } of dropped)
    if (entry) await walk(entry, found)
    else if (file) found.push({ path: file.name, file })
  return found
}

async function walk(entry: FileSystemEntry, into: OwnFile[]): Promise<void> {
  if (into.length >= MOST_FILES) return
  const path = entry.fullPath.replace(/^\//, '')
  if (isFile(entry)) {
    into.push({ path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) })
    return
  }
  for (const within of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(within, into)
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile

/** A reader gives some at a time, and none when it is done. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return all
    all.push(...some)
  }
}
