import type { Answer, QuestionId, Verdict } from 'heed-learn'
import { type Engine, Prover } from 'heed-learn/proofs'
import { type ModelSource, openModel, started } from './models'
import type { Context } from './rpc'

export interface QuizRequest {
  /** Where the shipped models come from on this site. */
  models: readonly ModelSource[]
  id: QuestionId
  /** Default: what is right. */
  answer?: Answer
}

/** Requests come one after another: models are opened for the one that runs. */
let now: { models: readonly ModelSource[]; context: Context }

const engine: Engine = {
  async model(name) {
    const source = now.models.find((model) => model.name === name) ?? { name }
    return (await openModel(source, now.context)).model as never
  },
  get signal() {
    return now.context.signal
  },
}

/** Holds what was proved, so that it is computed once. */
const prover = new Prover(engine)

/** Whether an answer of the quiz is right, why, and the proof. */
export async function quiz({ models, id, answer }: QuizRequest, context: Context): Promise<Verdict> {
  await started()
  now = { models, context }
  return prover.judge(id, answer ?? (await prover.prove(id)).key)
}
