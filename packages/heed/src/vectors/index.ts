export { analogy, analogyVector } from './analogy.js'
export {
  angularDistance,
  compare,
  cosineSimilarity,
  dot,
  euclideanDistance,
  isSimilarity,
  manhattanDistance,
  type Measure,
  norm,
} from './metrics.js'
export { pca, type Projection } from './pca.js'
export { add, centroid, scale, subtract } from './space.js'
export { nearest, type NearestOptions, type Neighbour, VectorTable } from './table.js'
export type { Vector } from './vector.js'
export { type VocabularyTokenizer, type WholeWords, wholeWords } from './whole-words.js'
export { type WordTokenizer, type WordVector, wordVectors, type WordVectorsOptions } from './words.js'
