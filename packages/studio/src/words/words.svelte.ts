import * as en from './en'

/** All that the studio says, by the page that says it; sentences with a number in them are functions of it. */
export type Words = typeof en

class Said {
  /** In the reader's language. */
  now = $state.raw<Words>(en)
}

export const words = new Said()
