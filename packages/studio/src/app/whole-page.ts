import { ask } from '../engine/client'
import type { ModelSource } from '../engine/models'
import { words } from '../words/words.svelte'
import type { LateSaving } from './share.svelte'

/** All heads over a text as one HTML file to explore, the one of `heed see --html`. */
export const wholePage = (model: ModelSource, text: string): LateSaving => ({
  name: words.now.own.share.whole,
  file: 'heed-heads.html',
  type: 'text/html',
  make: () => ask('seenPage', { model, text }),
})
