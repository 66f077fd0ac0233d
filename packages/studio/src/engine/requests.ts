import { longCell, longLinks, longRead, longSize, longTile, longWorth } from './long'
import { head, heads } from './heads'
import { damages, link, worth } from './heads-worth'
import { giveFolder } from './folder'
import { generate } from './generate'
import { type ModelInfo, type ModelSource, openModel } from './models'
import { projections } from './projections'
import { quiz } from './quiz'
import type { Context } from './rpc'
import { seenPage } from './seen-page'
import { step } from './step'
import { translate } from './translate'
import { compareWords, wordMap } from './words'
import { wordAnalogy, wordArrows } from './words-arithmetic'
import { wordAxioms } from './words-axioms'
import { runLog, runs } from './train-log'

/** All that a page can ask of the engine, by name. A new page adds its handlers here. */
export const requests = {
  /** Loads a model and tells what it is. */
  open: async (model: ModelSource, context: Context): Promise<ModelInfo> =>
    (await openModel(model, context)).info,
  giveFolder,
  seenPage,
  step,
  projections,
  longSize,
  longRead,
  longTile,
  longLinks,
  longCell,
  longWorth,
  heads,
  head,
  worth,
  damages,
  link,
  translate,
  generate,
  wordMap,
  compareWords,
  wordAnalogy,
  wordArrows,
  wordAxioms,
  quiz,
  runs,
  runLog,
}

export type Requests = typeof requests
