export { learnBpe } from './bpe.js'
export type { LearnBpeOptions } from './bpe.js'
export { byteTokenizer } from './byte-level.js'
export type {
  AddedToken,
  Around,
  ByteLevelConfig,
  ByteTokenizerOptions,
  TemplateItem,
  TokenizerJson,
} from './byte-level.js'
export { bleu } from './bleu.js'
export type { BleuScore } from './bleu.js'
export { Tokenizer } from './tokenizer.js'
export type { EncodeOptions, Encoding, Token } from './tokenizer.js'
export { learnWords } from './words.js'
export type { LearnWordsOptions, WordsJson } from './words.js'
