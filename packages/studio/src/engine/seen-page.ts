import { see } from 'heed/lens'
import { seenHtml } from 'heed/look'
import { type ModelSource, openModel } from './models'
import type { Context } from './rpc'

/**
 * All heads of a model over a text as one self-contained HTML file.
 *
 * @throws what `see` and `seenHtml` throw: `input` for more than a page holds
 */
export async function seenPage(
  { model: source, text }: { model: ModelSource; text: string },
  context: Context,
): Promise<string> {
  const { model } = await openModel(source, context)
  return seenHtml(await see(model, text, { qk: true, signal: context.signal }))
}
