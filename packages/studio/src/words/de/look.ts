export const look: typeof import('../en/look').look = {
  formula: {
    whole: 'Softmax von Q mal K transponiert, geteilt durch die Wurzel aus d k, mal V',
    parts: {
      q: 'Queries',
      k: 'Keys',
      v: 'Values',
      w: 'Gewichte: Softmax',
      s: 'Skalierung mit der Wurzel aus d k',
    },
  },
  component: (n, value) => `Komponente ${n}: ${value}`,
  curve: (title, step, values) => `${title}, Schritt ${step}: ${values}`,
  logarithmic: ', logarithmisch',
  plot: { step: 'Schritt', before: (name) => `${name}, vorher` },
  directions: (words) => `Die Richtungen stammen von ${words} Wörtern`,
  guess: {
    unknown: 'Weiß ich nicht',
    cover: 'Deine Antwort deckt es auf.',
    right: (word) => `Dein Tipp war „${word}“: richtig.`,
    wrong: (word, truth) => `Dein Tipp war „${word}“, richtig ist „${truth}“.`,
    none: (truth) => `Richtig ist „${truth}“. Du hast nicht getippt.`,
  },
  rows: (count) => `${count} Zeilen: Scrolle, um alle zu sehen.`,
  map: {
    grid: 'Gewichte: Zeilen fragen, Spalten antworten',
    asks: 'fragt',
    forbidden: 'verboten',
    role: 'Karte',
    canvas: (rows, columns) =>
      `Gewichte von ${rows} Queries und ${columns} Keys: Die Pfeiltasten gehen von Zelle zu Zelle, darunter steht, was in ihr ist`,
    scroll: (rows, columns, isWhole) =>
      `${rows} × ${columns} Gewichte${isWhole ? '' : ': Scrolle, um alle zu sehen'}.`,
    written: (from) => `Gewichte ab ${from} sind ausgeschrieben.`,
    noRoom: 'Für Zahlen sind die Zellen zu klein: Sie stehen darunter.',
    labelled: (step) => `Jede ${step}. Spalte ist beschriftet.`,
  },
}
