import { numbers } from './numbers'

/** What stands around every page: the header with its menus, and what is said before a page has its answer. */
export const app = {
  skip: 'Skip to the content',
  header: {
    pages: 'Pages',
    language: 'Language',
    light: 'Light theme',
    dark: 'Dark theme',
  },
  pages: {
    step: 'Step by step',
    heads: 'Heads',
    write: 'Translate',
    words: 'Words',
    long: 'Long texts',
    train: 'Train',
    learn: 'Learn',
    quiz: 'Quiz',
  },
  again: 'Try again',
  failed: 'This page failed',
  noCode: {
    title: 'This page’s code does not come',
    text: 'The server gave no answer, or another version of it. If heed studio still runs, load the page anew.',
    anew: 'Load anew',
  },
  noPage: {
    title: 'There is no such page',
    text: (name: string) => `The address names “${name}”. It may be of a later version of heed.`,
  },
  noModels: {
    title: 'No models',
    text: (error: string) => `${error} Is heed studio still running?`,
    list: (why: string) => `The list of models does not come (${why}).`,
    status: (code: number) => `the server answers ${code}`,
  },
  models: {
    label: 'Models',
    model: 'Model:',
    none: 'model',
    size: (parameters: number) =>
      parameters >= 1e9
        ? `${(parameters / 1e9).toFixed(1)} B`
        : parameters >= 1e6
          ? `${(parameters / 1e6).toFixed(1)} M`
          : `${Math.round(parameters / 1e3)} k`,
    hub: 'A model of the Hugging Face hub: comes over the network, once',
    open: 'Open',
  },
  share: {
    trigger: 'Share or save this view',
    label: 'Share or save',
    copy: 'Copy the address of this view',
    noClipboard: 'The browser gives no clipboard here: copy the address from its bar.',
  },
  states: {
    empty: {
      title: 'No sentence yet',
      text: 'Attention needs at least two tokens. Type something, or take this one.',
    },
    notOpened: (model: string | undefined) => `${model} did not open`,
    notRead: 'The model did not read it',
    kept: (error: string) => `${error}. Your sentence is kept.`,
    tooLong: (tokens: number, limit: number, of: 'model' | 'page') =>
      `${numbers.count(tokens)} tokens; ${of === 'model' ? 'this model reads' : 'this page shows'} ${limit}`,
    readFirst: (limit: number) => `Read the first ${limit}`,
  },
}
