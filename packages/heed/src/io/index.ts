export { decodeUtf8, wholeLines } from './text.js'
export { toFloat32, toInt32, type SafeDType, type SafeTensor, type TensorData } from './dtypes.js'
export {
  openSafetensors,
  parseSafetensors,
  safeTensor,
  writeSafetensors,
  type SafeTensors,
  type StoredTensor,
  type TensorToWrite,
} from './safetensors.js'
export { blobFolder } from './blobs.js'
export { diskFolder, type Folder } from './folder.js'
export { servedFolder, type ServedOptions } from './served.js'
export {
  exists,
  type FileContent,
  makeFolder,
  type OpenFile,
  readFile,
  readText,
  stageFile,
  writeFileAtomic,
  type StagedFile,
} from './files.js'
export { writeNpy } from './npy.js'
export { type NpyArray, writeNpz } from './npz.js'
export {
  type Json,
  type ModelFolder,
  openModelFolder,
  type OpenModelFolder,
  readModelFolder,
  writeModelFolder,
} from './model-folder.js'
export { type Piece, readPieces } from './pieces.js'
export {
  type DownloadOptions,
  type OnProgress,
  openRepository,
  type Repository,
  repositoryOf,
} from './hub/index.js'
