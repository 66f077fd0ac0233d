import { untrack } from 'svelte'
import { Asked } from '../../app/asked.svelte'
import { route } from '../../app/route.svelte'
import { session } from '../../app/session.svelte'
import { ask } from '../../engine/client'
import type { ModelSource } from '../../engine/models'
import type { Requests } from '../../engine/requests'
import type { AnswerOf, RequestOf } from '../../engine/rpc'
import type { Compared, NoWords, WordMap } from '../../engine/words'
import type { Analogy, Arrows } from '../../engine/words-arithmetic'
import type { Axioms } from '../../engine/words-axioms'
import { LONGEST } from '../../engine/words-measures'
import { words } from '../../words/words.svelte'
import { chooseParams, readState } from './state'

/** What the page reads: where one looks, and what the engine says to it. */
export class Reading {
  readonly map = new Asked<WordMap | NoWords>()
  readonly compared = new Asked<Compared>()
  readonly analogy = new Asked<Analogy>()
  readonly arrows = new Asked<Arrows | undefined>()
  readonly axioms = new Asked<Axioms>()
  /** Letters of a word that was to be chosen, and is too long. */
  #letters = $state<number>()
  /** What is wrong with what was to be chosen. */
  readonly problem = $derived(this.#letters && words.now.own.word(this.#letters, LONGEST))
  /** A row that is pointed at, on the map or in a list. */
  pointed = $state<number>()
  /** A word that the map should bring into sight; `near` also from near by. */
  sought = $state.raw<{ word: string; near: boolean }>()
  /** How often the questions were asked anew, after an error. */
  #tries = $state(0)

  readonly state = $derived(readState(route.params))
  /** By itself, so that other changes of the address change no picture. */
  readonly by = $derived(this.state.by)
  readonly model = $derived(session.source && JSON.stringify(session.source))
  /** The map of the model that is wanted. */
  readonly words = $derived(this.map.value?.kind === 'map' ? this.map.value : undefined)
  readonly seen = $derived(this.compared.value)
  readonly of = $derived(this.seen?.words[this.seen.of])
  /** The word that is being guessed, until it is shown. */
  readonly hidden = $derived(
    this.state.guess && !this.state.guess.isShown ? this.state.guess.word : undefined,
  )
  /** The two words that are added: the one that the rest is about, and the next. */
  readonly two = $derived.by(() => {
    if (!this.seen || !this.of) return undefined
    const other = this.seen.words.find((_, n) => n !== this.seen!.of)
    return other && ([this.of.word, other.word] as const)
  })

  /** To be called while a component is made: asks whenever the question is another one. */
  constructor() {
    this.#follow('wordMap', this.map, (model) => ({ model }))
    this.#follow('compareWords', this.compared, (model) => {
      const { words, of, by } = this.state
      return this.words && { model, words, of, by }
    })
    this.#follow('wordAnalogy', this.analogy, (model) =>
      this.seen ? { model, words: this.state.calculation } : undefined,
    )
    this.#follow('wordArrows', this.arrows, (model) => {
      const { c, by } = this.state
      return this.two && { model, x: this.two[0], y: this.two[1], c, by }
    })
    this.#follow('wordAxioms', this.axioms, (model) => {
      const { s, t } = this.state
      const words = this.seen?.words.map(({ word }) => word) ?? []
      return words.length > 0 ? { model, words, s, t } : undefined
    })
  }

  #follow<N extends 'wordMap' | 'compareWords' | 'wordAnalogy' | 'wordArrows' | 'wordAxioms'>(
    name: N,
    asked: Asked<AnswerOf<Requests, N>>,
    request: (model: ModelSource) => RequestOf<Requests, N> | undefined,
  ): void {
    const question = $derived.by(() => {
      void this.#tries
      return this.model && JSON.stringify(request(JSON.parse(this.model)))
    })
    let model: string | undefined
    $effect(() => {
      // What another model said is no answer.
      if (model !== this.model) untrack(() => (asked.stop(), (asked.value = undefined)))
      model = this.model
      const wanted = question
      void this.#tries
      if (wanted !== undefined)
        untrack(() =>
          asked.ask((options) => ask(name, JSON.parse(wanted) as RequestOf<Requests, N>, options)),
        )
    })
  }

  retry(): void {
    session.openModel()
    this.#tries++
  }

  /** Takes a word; `near` flies to it. */
  choose(word: string, { near = false } = {}): void {
    const isLong = word.length > LONGEST
    this.#letters = isLong ? word.length : undefined
    if (isLong) return
    this.sought = { word, near }
    route.set(chooseParams(this.state, word))
  }
}
