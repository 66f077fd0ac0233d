/** What the parts say that all pages are made of. */
export const look = {
  formula: {
    whole: 'softmax of Q times K transposed over the square root of d k, times V',
    parts: {
      q: 'queries',
      k: 'keys',
      v: 'values',
      w: 'weights: softmax',
      s: 'scaling by the square root of d k',
    },
  },
  component: (n: number, value: string) => `component ${n}: ${value}`,
  curve: (title: string, step: number, values: string) => `${title}, step ${step}: ${values}`,
  /** Behind the name of a chart. */
  logarithmic: ', logarithmic',
  /** In saved pictures. */
  plot: { step: 'step', before: (name: string) => `${name}, before` },
  directions: (words: number) => `${words} words gave the directions`,
  /** Of a guess, once it is seen how it was. */
  guess: {
    unknown: 'I don’t know',
    /** Where the figure will be. */
    cover: 'Your answer uncovers it.',
    right: (word: string) => `You said “${word}”: right.`,
    wrong: (word: string, truth: string) => `You said “${word}”; it is “${truth}”.`,
    none: (truth: string) => `It is “${truth}”. You made no guess.`,
  },
  rows: (count: number) => `${count} rows: scroll for more.`,
  map: {
    grid: 'Weights: rows ask, columns answer',
    asks: 'asks',
    forbidden: 'forbidden',
    role: 'map',
    canvas: (rows: number, columns: number) =>
      `Weights of ${rows} queries and ${columns} keys: arrow keys go from cell to cell, the readout tells of it`,
    scroll: (rows: number, columns: number, isWhole: boolean) =>
      `${rows} × ${columns} weights${isWhole ? '' : ': scroll for more'}.`,
    written: (from: string) => `Weights from ${from} are written.`,
    noRoom: 'Cells have no room for numbers: the readout has them.',
    labelled: (step: number) => `Every ${step === 2 ? '2nd' : `${step}th`} column is labelled.`,
  },
}
