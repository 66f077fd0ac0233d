import type { LabelledSentence } from 'heed/train'

/*
 * What can be learned in the page. All four are one task, of one small encoder with one layer: at every word say which word
 * belongs there. So they need nothing of their own but data.
 */

export const trainTasks = ['describe', 'copy', 'reverse', 'sort'] as const
export type TrainTask = (typeof trainTasks)[number]
export type SequenceTask = Exclude<TrainTask, 'describe'>

export interface TaskSettings {
  steps: number
  batchTokens: number
  /** Steps between evaluations. */
  evaluateEvery: number
  peak: number
  warmup: number
  heads: number
  vocabSize: number
}

/** `describe` has the shape and the peak rate of heed-describe; the others are smaller, and so their steps are finer. */
export const taskSettings = (task: TrainTask): TaskSettings =>
  task === 'describe'
    ? { steps: 800, batchTokens: 512, evaluateEvery: 25, peak: 5e-3, warmup: 50, heads: 4, vocabSize: 2000 }
    : { steps: 400, batchTokens: 256, evaluateEvery: 10, peak: 5e-3, warmup: 40, heads: 2, vocabSize: 64 }

/** Letters of a sequence. */
export const LETTERS = 6
const SEQUENCES = { train: 2000, valid: 200 }
const alphabet = [...'abcdefghijklmnopqrstuvwxyz']

/** Which letter of the sequence belongs at each place, by number. */
const orders: Record<SequenceTask, (letters: readonly string[]) => number[]> = {
  copy: (letters) => letters.map((_, i) => i),
  reverse: (letters) => letters.map((_, i) => letters.length - 1 - i),
  sort: (letters) =>
    letters
      .map((_, i) => i)
      .sort((a, b) => (letters[a] < letters[b] ? -1 : letters[a] > letters[b] ? 1 : a - b)),
}

/**
 * `m x b a q c ? ? ? ? ? ?`: letters, and at each `?` the letter that belongs there: the same again, the same from behind, or
 * in the order of the alphabet.
 */
function labelled(task: SequenceTask, letters: readonly string[]): LabelledSentence {
  const placeOf = (n: number) => ({ start: 2 * n, end: 2 * n + 1 })
  return {
    text: [...letters, ...letters.map(() => '?')].join(' '),
    labels: orders[task](letters).map((from, i) => ({
      word: placeOf(letters.length + i),
      by: placeOf(from),
    })),
  }
}

/** Letters drawn evenly, the same on every machine; no sequence occurs twice, so none is validated that was trained on. */
export function sequences(task: SequenceTask): Record<'train' | 'valid', LabelledSentence[]> {
  const draw = generator(1)
  const texts = new Set<string>()
  while (texts.size < SEQUENCES.train + SEQUENCES.valid)
    texts.add(Array.from({ length: LETTERS }, () => alphabet[Math.floor(draw() * alphabet.length)]).join(''))
  const all = [...texts].map((text) => labelled(task, [...text]))
  return { valid: all.slice(0, SEQUENCES.valid), train: all.slice(SEQUENCES.valid) }
}

/** Numbers from 0 to below 1: mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const probes = new Map<SequenceTask, string>()

/** The first sequence that is validated whose letters are all different, which the map is of. */
export function sequenceProbe(task: SequenceTask): string {
  const isVaried = ({ text }: LabelledSentence) =>
    new Set(text.slice(0, 2 * LETTERS).split(' ')).size > LETTERS
  const probe = probes.get(task) ?? sequences(task).valid.find(isVaried)!.text
  probes.set(task, probe)
  return probe
}
