import { tokenLabels } from 'heed/look'
import { within } from '../../app/address'
import { route } from '../../app/route.svelte'
import { type Cell, mapData } from '../../look/map/map'
import { rowOf } from '../../look/numbers'
import { words } from '../../words/words.svelte'
import { paceBeside, type Panel, panelsOf, windowOf } from './curves'
import { firstQuery, numbered, readState, sameRules, wordsIn } from './state'
import { trainer } from './trainer.svelte'
import { headWeights, looksAt, momentAt, strongest, weightOver } from './view'

/** The run of the page as it is read: the step that is looked at, who asks there, and all that is drawn of it. */
export class RunReading {
  /** The cell that is pointed at. */
  pointed = $state.raw<Cell>()

  readonly wanted = $derived(readState(route.params))
  /** Of what the address names. */
  readonly course = $derived(trainer.courseOf(this.wanted))
  readonly before = $derived(this.course && trainer.before)
  readonly start = $derived(this.course?.start)
  readonly heads = $derived(this.start?.heads ?? 1)
  readonly head = $derived(within(this.wanted.head, this.heads))
  readonly tokens = $derived(numbered(this.start?.tokens ?? wordsIn(this.wanted.text)))
  readonly labels = $derived(tokenLabels(this.tokens))
  readonly query = $derived(within(this.wanted.query, this.tokens.length) ?? 0)

  readonly last = $derived(this.course?.steps.at(-1)?.step ?? 0)
  readonly steps = $derived(Math.max(this.start?.steps ?? 0, this.before?.start?.steps ?? 0, 1))
  readonly at = $derived(Math.min(this.wanted.at ?? this.last, this.last))
  readonly shot = $derived(this.course && momentAt(this.course.shots, this.at))
  readonly weights = $derived(this.shot && headWeights(this.shot.weights, this.heads, this.head))
  readonly row = $derived(this.weights && rowOf(this.weights, this.query, this.tokens.length))
  readonly top = $derived(this.row && strongest(this.row))
  /** Where the row looks in the end: so the curve of the link stays the same while one goes through time. */
  readonly #finalKey = $derived.by(() => {
    const shot = this.course?.shots.at(-1)
    if (!shot) return 0
    const all = headWeights(shot.weights, this.heads, this.head)
    return strongest(rowOf(all, this.query, this.tokens.length)).key
  })
  readonly key = $derived(within(this.wanted.key, this.tokens.length) ?? this.#finalKey)
  readonly map = $derived(this.weights && mapData(this.tokens, this.tokens, this.weights))

  readonly #link = $derived.by((): Panel => {
    const { query, key, labels, tokens, head, before, course } = this
    const say = words.now.train
    return {
      title: say.linkTitle(labels[query], labels[key]),
      y: { label: say.weight, range: [0, 1] },
      decimals: 2,
      lines: [before, course].flatMap((one, n) => {
        const points = one
          ? weightOver(one.shots, one.start?.heads ?? 1, head, query * tokens.length + key)
          : []
        return points.length > 0
          ? [{ name: say.weight, points, colour: 'w-stroke', weight: 'strong', ghost: n === 0 } as const]
          : []
      }),
    }
  })
  readonly panels = $derived(
    this.course
      ? [this.#link, ...panelsOf(this.course, this.before, words.now.train.curves, windowOf(this.steps))]
      : [],
  )

  /** The rules or the seed of the next run are not those of this one. */
  readonly isOther = $derived(
    this.course !== undefined &&
      (!sameRules(this.course.request, this.wanted.rules) || this.course.request.seed !== this.wanted.seed),
  )
  readonly pace = $derived(
    this.before && this.course?.isOver ? paceBeside(this.before, this.course) : undefined,
  )
  /** The word that the guess is about. */
  readonly asked = $derived(Math.min(firstQuery(this.wanted.task), this.tokens.length - 1))
  /** Where it looked before the first step, and looks after the last. */
  readonly truth = $derived.by(() => {
    const first = this.course?.shots.find(({ step }) => step === 0)
    const end = this.course?.isOver ? this.course.shots.at(-1) : undefined
    return {
      before: first && looksAt(first, this.asked, this.heads),
      after: end && looksAt(end, this.asked, this.heads),
    }
  })
}
