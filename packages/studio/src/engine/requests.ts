import { type ModelInfo, type ModelSource, openModel } from './models'
import { projections } from './projections'
import type { Context } from './rpc'
import { step } from './step'
import { runLog, runs } from './train-log'

/** All that a page can ask of the engine, by name. A new page adds its handlers here. */
export const requests = {
  /** Loads a model and tells what it is. */
  open: async (model: ModelSource, context: Context): Promise<ModelInfo> =>
    (await openModel(model, context)).info,
  step,
  projections,
  runs,
  runLog,
}

export type Requests = typeof requests
