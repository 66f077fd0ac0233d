import { isLanguage, type Language, words } from '../words/words.svelte'
import { keep, kept } from './kept'
import { route } from './route.svelte'

const KEPT = 'heed.language'

/** The first language of the browser that the studio speaks. */
const ofBrowser = (): Language =>
  navigator.languages.map((tag) => tag.split('-')[0]).find((tag) => isLanguage(tag)) ?? 'en'

/**
 * Before the page is made: the language that the address names, else the one chosen in this browser before, else the
 * browser's. What somebody chose stands in the address from then on, so that a link to a view keeps it.
 */
export async function firstLanguage(): Promise<void> {
  const chosen = [route.params.lang, kept(KEPT) as string | undefined].find((tag) => isLanguage(tag))
  if (chosen) route.set({ lang: chosen }, { replace: true })
  // Where its words do not come, English is there.
  await words.speak(chosen ?? ofBrowser()).catch(() => {})
}

/** The reader chooses a language, for now and for the next visit. */
export async function chooseLanguage(language: Language): Promise<void> {
  await words.speak(language)
  // Another one was chosen while its words came.
  if (words.language !== language) return
  keep(KEPT, language)
  route.set({ lang: language }, { replace: true })
}
