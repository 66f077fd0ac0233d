import type { CurveWords, Pace } from '../../pages/train/curves'
import { numbers } from './numbers'

const { count, percent } = numbers

const curves: CurveWords = {
  loss: 'Loss',
  lossAxis: 'nats per word',
  train: 'training',
  valid: 'unseen',
  scores: { accuracy: 'Right answers, unseen', bleu: 'BLEU, unseen', perplexity: 'Perplexity, unseen' },
  scoreAxis: 'share of the words',
  bleuAxis: 'of 100',
  perplexityAxis: 'exp(loss)',
  described: 'answer',
  undescribed: 'no answer',
  gradients: 'Gradients of the projections',
  gradientAxis: (steps) =>
    steps > 1 ? `norm before clipping, mean of ${steps} steps` : 'norm before clipping',
  norm: 'Gradient',
}

/** The page on which a small model learns. */
export const train = {
  curves,
  percent,

  tasks: {
    describe: ['Which word describes it', 'elephant: large'],
    copy: ['Copy', 'six letters again'],
    reverse: ['Reverse', 'six letters from behind'],
    sort: ['Sort', 'six letters by the alphabet'],
  } as Record<string, readonly [name: string, what: string]>,
  taskLabel: 'Task',
  headLabel: 'Head',
  allHeads: 'All heads',
  allHeadsWhat: 'their mean',
  head: (n: number) => `Head ${n}`,
  edit: 'Edit the sentence',

  /** The headline, in parts around the words that are data. */
  ask: ['Where will ', ' look, once it has learned?'],
  finding: {
    before: 'Before the first step, ',
    after: (step: number) => `After ${count(step)} ${step === 1 ? 'step' : 'steps'}, `,
    looksMost: ' looks most at ',
    looks: ' looks at ',
    itself: 'itself',
    everywhere: ' looks everywhere alike: no word gets more than ',
    share: (weight: number) => `: ${percent(weight)} of its attention.`,
    weight: (weight: string) => `: weight ${weight}.`,
    nothing: ' looks at nothing.',
  },

  lead: {
    describe:
      'The model must say at each word which word describes it. Everything but attention sees one word alone: only a head can bring large to elephant. Nobody tells it where to look.',
    copy: 'At each ? the model must say which letter belongs there: the same six again. Only a head can bring a letter to a ?. Nobody tells it where to look.',
    reverse:
      'At each ? the model must say which letter belongs there: the six from behind. Only a head can bring a letter to a ?. Nobody tells it where to look.',
    sort: 'At each ? the model must say which letter belongs there: the six in the order of the alphabet. Where to look depends on the letters. Nobody tells it where that is.',
  } as Record<string, string>,

  guess: {
    title: 'First say what you expect',
    later: 'Your guess, and what came',
    before: 'Before training, most at',
    after: 'After training, most at',
    yours: 'your guess',
    soon: (word: string | undefined) =>
      word === undefined
        ? 'You will see when it has learned.'
        : `You said “${word}”. You will see when it has learned.`,
    beforeLabel: 'Before training',
    afterLabel: 'After training',
  },

  start: 'Start training',
  rest: 'Pause',
  go: 'Go on',
  again: 'Train again',
  anew: 'Another seed',
  starting: 'getting ready …',
  of: (step: number, steps: number) => `step ${count(step)} of ${count(steps)}`,
  speed: (tokens: number) => `${count(Math.round(tokens / 100) * 100)} tokens/s`,
  left: (seconds: number) =>
    seconds < 1
      ? 'under a second left'
      : seconds < 90
        ? `about ${Math.round(seconds)} s left`
        : `about ${Math.round(seconds / 60)} min left`,
  resting: 'paused',
  finished: 'all steps taken',
  ended: 'stopped',
  size: (parameters: number, sentences: number, words: number, threads: number) =>
    `${count(parameters)} parameters, ${count(words)} words, ${count(sentences)} sentences, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
  failed: 'The training stopped',
  failedText: (message: string) => `${message}. What was learned until then can still be looked at.`,

  step: 'step',
  slider: 'Step that is looked at',
  sliderText: (step: number) => `step ${count(step)}`,
  latest: 'latest',
  play: 'Play from the start',
  stop: 'Stop',

  map: 'Who looks at whom',
  mapOf: (head: number | undefined, heads: number) =>
    head === undefined ? `mean of ${heads} heads` : `head ${head} of ${heads}`,
  linkTitle: (query: string, key: string) => `From ${query} to ${key}`,
  savedTitle: (task: string, step: number) => `${task}, step ${count(step)}`,
  noCurves: 'Loss, right answers and gradients are drawn here, step by step.',
  notYet: 'Nothing is learned yet. Start the training to fill the map.',
  weight: 'weight',
  negative: 'Negative weights, which only linear makes, are left blank: point at a cell for its number.',
  matters: 'Does it matter?',
  at: 'At ',
  itSays: ' the model says ',
  none: 'nothing describes it',
  noneLetter: 'no letter',
  even: 'With the same weight for every word it would say ',
  evenSame: 'With the same weight for every word it would say the same: here attention does not decide.',
  unknown: (list: string) =>
    `Words that the model has never seen, and cannot tell apart: ${list}. Take commoner ones.`,

  rules: {
    title: 'Take a piece out, and train again',
    text: 'The same data, the same first weights, the same steps: only the formula is another. The run before stays as a dashed line on the same axes.',
    divide: 'Divide by ',
    normalizer: 'weights by',
    seed: 'seed',
    guess: 'It will learn',
    paces: { sooner: 'sooner', same: 'about as soon', later: 'later', never: 'never' } as Record<
      Pace,
      string
    >,
    paceSaid: {
      sooner: 'It learned sooner than the run before.',
      same: 'It learned about as soon as the run before.',
      later: 'It learned later than the run before.',
      never: 'It did not learn it within these steps.',
    } as Record<Pace, string>,
    paceRule:
      'Learned: nine tenths of the right answers that the run before came to. Sooner or later: by a quarter of the steps.',
    same: 'These are the rules of the run above. Change one of them to train again with it.',
    with: (scale: boolean, normalizer: string) =>
      [
        ...(scale ? [] : ['without the scale']),
        ...(normalizer === 'softmax' ? [] : [`with ${normalizer}`]),
      ].join(', ') || 'with the formula as it is',
    run: (what: string) => `Train ${what}`,
    ghost: (what: string, seed: number) => `dashed: the run before, ${what}, seed ${seed}`,
  },

  runs: {
    title: 'Runs of heed train',
    text: 'What is trained on the command line opens here, and is followed while it runs.',
    none: 'No run yet. Start one, and it appears here:',
    off: 'This page is not served by heed studio, so there are no runs to open.',
    command: 'npx heed train describe --data labels.tsv --valid valid.tsv --out runs/describe',
    retry: 'Try again',
    back: 'Back to the training in the page',
    state: {
      running: 'running',
      finished: 'finished',
      stopped: 'stopped',
      diverged: 'diverged',
      failed: 'failed',
      unknown: 'unknown',
    } as Record<string, string>,
    of: (step: number, steps: number | undefined) =>
      steps === undefined ? `step ${count(step)}` : `step ${count(step)} of ${count(steps)}`,
    live: 'looked at anew every two seconds',
    error: (name: string) => `${name} does not open`,
    noMaps:
      'This run has written no attention: heed train does so at evaluations of translators and language models.',
    map: (site: string) => `${site}, at the evaluation of this step`,
    samples: 'What it made of unseen texts',
    source: 'text',
    output: 'model',
    reference: 'reference',
  },

  data: {
    title: 'What it learns from',
    describe:
      '9,000 English sentences with labels made by rules, 500 more to test it. None of them says elephant: large. Sentences: tatoeba.org and www.manythings.org/anki, CC-BY 2.0 France.',
    sequence:
      '2,000 sequences of six letters, drawn evenly and made on the spot, 200 others to test it; none occurs twice. The map is of the first of those whose letters are all different.',
    shape:
      'One layer, one sub-layer of attention, 64 components; AdamW; the loss is the mean cross-entropy over all words.',
  },

  save: {
    map: 'Save the map as SVG',
    curves: 'Save the curves as SVG',
    csv: 'Save the numbers as CSV',
    json: 'Save the run as JSON',
  },
}
