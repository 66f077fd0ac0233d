import { type Described, type DescribeOptions, EncoderModel, type Model, noneToken } from 'heed/models'
import { probabilityLines } from './terminal/probabilities.js'
import { screen } from './terminal/screen.js'

/** What a model that says which word describes which makes of a text; undefined for all others. */
export async function describedBy(
  model: Model,
  text: string,
  options: DescribeOptions,
): Promise<Described[] | undefined> {
  const describes = model instanceof EncoderModel && model.tokenizer?.idOf(noneToken) !== undefined
  return describes ? model.describe(text, options) : undefined
}

/** Words and what describes them, a line each, with the model's probability. */
export const describedLines = (described: readonly Described[]): string[] =>
  described.length === 0
    ? screen().quiet('no word describes another here, says the model')
    : probabilityLines(
        described.map(({ text, by }) => ({
          text: `${text}: ${by.text.trim()}`,
          probability: by.probability,
        })),
      )
