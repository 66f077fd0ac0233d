export { type AlignmentOptions, type AlignmentScore, alignmentScores, copiedWords } from './alignment.js'
export { see, type Seen, type SeenMap, type SeeOptions } from './see.js'
