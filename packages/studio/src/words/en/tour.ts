/** What the page shows just now. */
export interface TourLive {
  asks: string
  answers: string
  /** Of its attention, in per cent. */
  share: string
  /** Numbers of a token's vector, of a query, and tokens of the sentence. */
  width: number
  d: number
  tokens: number
  heads: number
  /** This head looks back only, by itself. */
  isCausal: boolean
}

interface Said {
  title: string
  text: string
}

export const tour = {
  start: 'Guided tour',
  label: 'Guided tour',
  back: 'Back',
  next: 'Next',
  close: 'Close the tour',
  done: 'Done',
  place: (n: number, of: number) => `${n} of ${of}`,
  chunks: {
    welcome: ({ asks, answers, share }: TourLive): Said => ({
      title: 'One number, and where it comes from',
      text: `To read “${asks}”, this head gives “${answers}” ${share} of its attention. The model computed that share just now, in this page. Here is how.`,
    }),
    vector: ({ asks, width }: TourLive): Said => ({
      title: 'A word is a list of numbers',
      text: `Where “${asks}” stands, the model holds ${width} numbers. They change from layer to layer; this is what the head finds.`,
    }),
    projections: ({ width, d }: TourLive): Said => ({
      title: 'Three readings of it',
      text: `Three matrices that were learned in training turn ${width} numbers into ${d}: a query (what is looked for), a key (what is offered), a value (what is passed on).`,
    }),
    score: ({ asks, answers, d }: TourLive): Said => ({
      title: 'Does the query fit the key?',
      text: `The ${d} numbers of the query of “${asks}” times those of the key of “${answers}”, added up: one score. Point at a bar to see its product.`,
    }),
    scaling: ({ d }: TourLive): Said => ({
      title: 'Divided by a root',
      text: `Sums over ${d} products grow large. Divided by √${d} they keep one size, however long queries and keys are.`,
    }),
    unscaled: (): Said => ({
      title: 'What if nobody divides?',
      text: 'The switch below is off now. Compare the two rows of words: the largest score takes more, often nearly all. Dashed is what was before.',
    }),
    softmax: ({ share, answers }: TourLive): Said => ({
      title: 'Scores become shares',
      text: `e to each score, divided by their sum: every weight lies between 0 and 1, and the row adds up to 1. “${answers}” gets ${share}.`,
    }),
    temperature: (): Said => ({
      title: 'Flatter, on purpose',
      text: 'All scores are divided by 4 once more. The order of the words stays, the shares come closer together. The slider below the rows takes any value.',
    }),
    mixing: ({ asks }: TourLive): Said => ({
      title: 'Values, mixed by weight',
      text: `Each word’s value is dimmed to its weight, and all are added. The sum is what “${asks}” takes on from this head.`,
    }),
    map: ({ tokens }: TourLive): Said => ({
      title: 'The same for every word',
      text: `Each row is one word that asks: ${tokens} rows, computed at once. Yours is in the frame. Click another cell to move there.`,
    }),
    mask: ({ isCausal }: TourLive): Said =>
      isCausal
        ? {
            title: 'What if it saw what comes?',
            text: 'This model may look back only: it is to say what comes next. Without that mask, words ahead take a share of every row.',
          }
        : {
            title: 'What if it may only look back?',
            text: 'Words that come later are forbidden now, before softmax, so each row still adds up to 1. Models that write do this always.',
          },
    end: ({ heads }: TourLive): Said => ({
      title: 'Your turn',
      text: `That was one head of ${heads}. Edit the sentence, take another head, change a step: everything is computed anew, and the address holds what you see.`,
    }),
  },
}
