import { numbers } from './numbers'

const { count, megabytes } = numbers
/** `./mine` of an address is "mine" in a sentence. */
const plain = (folder: string) => folder.replace(/^\.\//, '')

/** Models of the reader's own, what can be saved, and what this machine does not give. */
export const own = {
  folder: {
    open: 'Open a folder',
    entry: 'A folder of this machine',
    hint: 'Or drop it anywhere on this page. Nothing is uploaded: its files are read here, whatever the browser calls it.',
  },
  drop: {
    title: 'Drop the model here',
    text: 'Its folder, or its files: config.json, model.safetensors, tokenizer.json.',
  },
  none: {
    title: 'There is no model in it',
    text: 'A model is a folder with config.json, model.safetensors and tokenizer.json, as Hugging Face lays it out. Drop that folder, or its files.',
  },
  unreadable: {
    title: 'It cannot be read',
    text: (message: string) =>
      `The browser says: ${message}. Open the folder with the button instead, or give this user leave to read it.`,
  },
  close: 'Close',
  missing: {
    title: (name: string) => `${plain(name)} is to be opened again`,
    text: 'The address names a folder of the machine that it comes from, and a page forgets folders when it is loaded anew. Open the folder again, and the view is as it was.',
    other: (name: string) => `Take ${name} instead`,
  },
  threads: (threads: number, cores: number, isIsolated: boolean) => {
    if (threads > 1) return `Computes on ${threads} threads.`
    if (cores <= 1) return 'Computes on one thread.'
    return isIsolated
      ? `Computes on one thread of ${cores}: the browser starts no others for this page. Numbers are the same bits; an extension or a policy that blocks workers may be the reason.`
      : `Computes on one thread of ${cores}: this page is not isolated, so the browser gives it no more. Numbers are the same bits. heed studio serves it isolated; another server has to send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.`
  },
  hub: { entry: 'Of the Hugging Face hub' },
  coming: {
    title: (name: string, isOfHub: boolean) =>
      isOfHub ? `Downloading ${name} from the Hugging Face hub` : `Opening ${plain(name)}`,
    text: (stage: string, done: number, total: number) =>
      stage === 'download'
        ? `${megabytes(done)} of ${megabytes(total)} have come`
        : `${megabytes(done)} of ${megabytes(total)} are in the engine`,
    kept: 'The browser keeps them: the next time only the list of files is asked for.',
    asks: 'Asks which files there are.',
    cancel: 'Cancel',
  },
  share: {
    copied: 'The address is in the clipboard: it holds the whole view.',
    copiedFolder:
      'The address is in the clipboard. It holds the view, and not the model: whoever opens it is asked for its folder.',
    pictures: 'Pictures',
    numbers: 'Numbers',
    as: (name: string, kind: 'PNG' | 'HTML') =>
      name.includes('SVG') ? name.replace('SVG', kind) : `${name}: ${kind}`,
    whole: 'Save all heads as a page to explore (HTML)',
    failed: (message: string) => `That could not be saved: ${message}.`,
    making: 'It is being made …',
    page: {
      made: 'Made by heed. The file needs nothing else and asks for nothing over the network.',
      view: 'Open this view in the studio',
    },
  },
  storage: {
    text: 'This browser keeps nothing for this page now: its storage is full or closed. What you do here lasts until the page is closed. Free space in the browser’s settings, or save your work from the menu above.',
  },
  word: (letters: number, most: number) =>
    `That has ${count(letters)} letters, and a word here at most ${most}. Texts are for the pages Heads and Long texts.`,
  long: (tokens: number) => `See all ${count(tokens)} in Long texts`,
  tooLong: (limit: number) => `Nothing was cut off silently. Read the first ${limit}, or a shorter text.`,
}
