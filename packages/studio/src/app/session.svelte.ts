import { ask, giveFolder } from '../engine/client'
import type { ModelEntry, ModelInfo, ModelSource } from '../engine/models'
import { EngineError } from '../engine/rpc'
import { Asked } from './asked.svelte'
import { isFolderName, type OwnFolder } from './own-files'
import { route } from './route.svelte'
import { words } from '../words/words.svelte'

/** The folder of this page. */
export const ownFolder = (): string => new URL('.', document.baseURI).href

/** A folder of this machine that the reader opened; this page forgets it when it is loaded anew. */
export interface OpenedFolder {
  /** As addresses call it: `./name`. */
  name: string
  number: number
  /** Of its weights. */
  bytes: number
}

/** The list of models does not come: it says so in the language that is spoken when it is read. */
class NoList extends EngineError {
  constructor(why: () => string) {
    super('network', '')
    Object.defineProperty(this, 'message', { get: () => words.now.app.noModels.list(why()) })
  }
}

/** The models of this site and the one that is open, for all pages. */
class Session {
  readonly models = new Asked<ModelEntry[]>()
  readonly open = new Asked<ModelInfo>()
  /** The folder of the list of models. */
  folder = $state<string>()
  folders = $state.raw<readonly OpenedFolder[]>([])

  /** A name alone, so that other changes of the address change no model. */
  readonly #wanted = $derived(route.params.model)

  /** The model that the address names, else the first of the site. */
  readonly source = $derived(this.sourceOf(this.#wanted))

  /** Of the open model, as long as it is the one that is wanted. */
  readonly info = $derived(this.open.value?.name === this.source?.name ? this.open.value : undefined)

  /** The folder that the address names, as long as it is to be opened by the reader. */
  readonly missing = $derived(
    this.#wanted !== undefined && isFolderName(this.#wanted) && this.#folder(this.#wanted) === undefined
      ? this.#wanted
      : undefined,
  )

  /** Whether what is awaited comes from the hub. */
  readonly isOfHub = $derived(
    this.source !== undefined && this.source.address === undefined && this.source.folder === undefined,
  )

  #folder(name: string): OpenedFolder | undefined {
    return this.folders.find((folder) => folder.name === name)
  }

  /** A model by its name: of this site, of a folder, or else of the hub; without a name the first of the site. */
  sourceOf(wanted: string | undefined): ModelSource | undefined {
    // Also without a server.
    if (wanted !== undefined && isFolderName(wanted)) {
      const folder = this.#folder(wanted)
      return folder && { name: wanted, folder: folder.number }
    }
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
      let why: () => string
      try {
        const response = await fetch(address, { signal })
        if (response.ok) return (await response.json()) as ModelEntry[]
        why = () => words.now.app.noModels.status(response.status)
      } catch (error) {
        why = () => (error as Error).message
      }
      throw new NoList(why)
    })
  }

  openModel(): void {
    const { source } = this
    if (source) this.open.ask((options) => ask('open', $state.snapshot(source) as ModelSource, options))
    else this.open.stop()
  }

  /** Opens a folder of this machine, again where its name is known: then the view stays. */
  openFolder({ name, files, bytes }: OwnFolder): void {
    const number = ++this.#count
    giveFolder({ number, name, files })
    this.folders = [...this.folders.filter((folder) => folder.name !== name), { name, number, bytes }]
    if (name !== this.#wanted) this.choose(name)
    // Another model of that name, perhaps.
    else this.open.value = undefined
  }
  #count = 0

  /** What there is to go back to while another model is awaited, or after one that failed. */
  readonly other = $derived(
    [this.open.value?.name, this.models.value?.[0]?.name].find(
      (name) => name !== undefined && name !== this.source?.name,
    ),
  )

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
