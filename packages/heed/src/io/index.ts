export { decodeUtf8 } from './text.js'
export { toFloat32, toInt32, type SafeDType, type SafeTensor, type TensorData } from './dtypes.js'
export {
  parseSafetensors,
  safeTensor,
  writeSafetensors,
  type SafeTensors,
  type TensorToWrite,
} from './safetensors.js'
export {
  exists,
  makeFolder,
  readFile,
  readText,
  stageFile,
  writeFileAtomic,
  type StagedFile,
} from './files.js'
export { writeNpy } from './npy.js'
export { readModelFolder, writeModelFolder, type ModelFolder } from './model-folder.js'
