import type { Component } from 'svelte'

/** A page of the studio; its code is loaded when it is opened. */
export interface Page {
  /** In the address. */
  name: string
  title: string
  load: () => Promise<{ default: Component }>
  /** It is about the model that the address names. */
  readsModel?: true
}

/** In the order of the header. A new page is a folder here and a line. */
export const pages: readonly Page[] = [
  { name: 'step', title: 'Step by step', load: () => import('./step/StepPage.svelte'), readsModel: true },
  { name: 'heads', title: 'Heads', load: () => import('./heads/HeadsPage.svelte'), readsModel: true },
  { name: 'write', title: 'Translate', load: () => import('./write/WritePage.svelte'), readsModel: true },
  { name: 'words', title: 'Words', load: () => import('./words/WordsPage.svelte'), readsModel: true },
  { name: 'long', title: 'Long texts', load: () => import('./long/LongPage.svelte'), readsModel: true },
  { name: 'train', title: 'Train', load: () => import('./train/TrainPage.svelte') },
  { name: 'learn', title: 'Learn', load: () => import('./learn/LearnPage.svelte') },
  { name: 'quiz', title: 'Quiz', load: () => import('./quiz/QuizPage.svelte') },
]

/** An address without a page is the first one's. */
export const pageOf = (name: string): Page | undefined =>
  name === '' ? pages[0] : pages.find((page) => page.name === name)
