import * as en from './en'

/** All that the studio says, by the page that says it; sentences with a number in them are functions of it. */
export type Words = typeof en

/** The languages by their own names. Another one is a folder beside `en` and a line here and below. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

export const isLanguage = (tag: string | undefined): tag is Language =>
  tag !== undefined && Object.hasOwn(languages, tag)

/** English is always there; any other language is fetched whole, when it is chosen. */
const load: Readonly<Record<Language, () => Promise<Words> | Words>> = {
  en: () => en,
  de: () => import('./de'),
}

class Said {
  /** In the reader's language. */
  now = $state.raw<Words>(en)
  language = $state.raw<Language>('en')
  #wanted: Language = 'en'

  /**
   * From now on everything is said in this language; of two calls the later one holds.
   *
   * @throws Error where its words cannot be fetched; what was spoken stays
   */
  async speak(language: Language): Promise<void> {
    this.#wanted = language
    const words = await load[language]()
    if (this.#wanted !== language) return
    this.now = words
    this.language = language
  }
}

export const words = new Said()
