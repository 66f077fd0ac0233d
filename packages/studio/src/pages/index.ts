import type { Component } from 'svelte'
import type { Words } from '../words/words.svelte'

/** A page of the studio; its code is loaded when it is opened. */
export interface Page {
  /** In the address, and of its title in `words.now.app.pages`. */
  name: keyof Words['app']['pages']
  load: () => Promise<{ default: Component }>
  /** It is about the model that the address names. */
  readsModel?: true
}

/** In the order of the header. A new page is a folder here and a line. */
export const pages: readonly Page[] = [
  { name: 'step', load: () => import('./step/StepPage.svelte'), readsModel: true },
  { name: 'heads', load: () => import('./heads/HeadsPage.svelte'), readsModel: true },
  { name: 'write', load: () => import('./write/WritePage.svelte'), readsModel: true },
  { name: 'words', load: () => import('./words/WordsPage.svelte'), readsModel: true },
  { name: 'long', load: () => import('./long/LongPage.svelte'), readsModel: true },
  { name: 'train', load: () => import('./train/TrainPage.svelte') },
  { name: 'learn', load: () => import('./learn/LearnPage.svelte') },
  { name: 'quiz', load: () => import('./quiz/QuizPage.svelte') },
]

/** An address without a page is the first one's. */
export const pageOf = (name: string): Page | undefined =>
  name === '' ? pages[0] : pages.find((page) => page.name === name)
