import { ask } from '../engine/client'
import type { ModelEntry, ModelInfo, ModelSource } from '../engine/models'
import { EngineError } from '../engine/rpc'
import { Asked } from './asked.svelte'
import { route } from './route.svelte'
import { words } from '../words/words.svelte'

/** The folder of this page. */
export const ownFolder = (): string => new URL('.', document.baseURI).href

/** The models of this site and the one that is open, for all pages. */
class Session {
  readonly models = new Asked<ModelEntry[]>()
  readonly open = new Asked<ModelInfo>()
  /** The folder of the list of models. */
  folder = $state<string>()

  /** A name alone, so that other changes of the address change no model. */
  readonly #wanted = $derived(route.params.model)

  /** The model that the address names, else the first of the site. */
  readonly source = $derived(this.sourceOf(this.#wanted))

  /** Of the open model, as long as it is the one that is wanted. */
  readonly info = $derived(this.open.value?.name === this.source?.name ? this.open.value : undefined)

  /** A model by its name, of this site or else of the hub; without a name the first of the site. */
  sourceOf(wanted: string | undefined): ModelSource | undefined {
    const { value: entries } = this.models
    if (!entries) return undefined
    const entry = wanted === undefined ? entries[0] : entries.find(({ name }) => name === wanted)
    if (entry)
      return { name: entry.name, address: new URL(entry.address, this.folder).href, files: entry.files }
    return wanted === undefined ? undefined : { name: wanted }
  }

  /** Fetches the list of models, unless somebody did: the first who needs it says where it is. */
  need(folder: string): void {
    if (this.folder !== undefined) return
    this.folder = folder
    this.fetchModels()
  }

  fetchModels(): void {
    const address = new URL('models.json', this.folder)
    this.models.ask(async ({ signal }) => {
      try {
        const response = await fetch(address, { signal })
        if (!response.ok) throw new Error(words.now.app.noModels.status(response.status))
        return (await response.json()) as ModelEntry[]
      } catch (error) {
        throw new EngineError('network', words.now.app.noModels.list((error as Error).message))
      }
    })
  }

  openModel(): void {
    const { source } = this
    if (source) this.open.ask((options) => ask('open', $state.snapshot(source) as ModelSource, options))
  }

  /** Another model; the rest of the view is left to the page. */
  choose(name: string): void {
    const isFirst = this.models.value?.[0]?.name === name
    route.set({
      ...Object.fromEntries(Object.keys(route.params).map((key) => [key, undefined])),
      text: route.params.text,
      doc: route.params.doc,
      lang: route.params.lang,
      model: isFirst ? undefined : name,
    })
  }
}

export const session = new Session()
