import type { Words } from '../words/words.svelte'
import { modelAmong, type OwnFile } from './own-files'
import { session } from './session.svelte'

class Own {
  /** What is wrong with what was dropped or chosen, in any language. */
  problem = $state.raw<(said: Words['own']) => { title: string; text: string }>()

  /** Grows with every take: the last one counts. */
  #turn = 0

  /** Opens the model that is among these files, or says what is wrong. */
  async take(files: OwnFile[] | Promise<OwnFile[]>): Promise<void> {
    const turn = ++this.#turn
    this.problem = undefined
    try {
      const model = await modelAmong(await files)
      if (turn !== this.#turn) return
      if (model) session.openFolder(model)
      else this.problem = ({ none }) => none
    } catch (error) {
      if (turn !== this.#turn) return
      const { message } = error as Error
      this.problem = ({ unreadable: { title, text } }) => ({ title, text: text(message) })
    }
  }
}

export const own = new Own()
