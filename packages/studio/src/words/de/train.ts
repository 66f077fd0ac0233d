import type { CurveWords } from '../../pages/train/curves'
import { count, percent } from './written'

const curves: CurveWords = {
  loss: 'Verlust',
  lossAxis: 'Nat je Wort',
  train: 'Training',
  valid: 'neue Daten',
  scores: {
    accuracy: 'Richtige Antworten, neue Daten',
    bleu: 'BLEU, neue Daten',
    perplexity: 'Perplexität, neue Daten',
  },
  scoreAxis: 'Anteil der Wörter',
  bleuAxis: 'von 100',
  perplexityAxis: 'exp(Verlust)',
  described: 'Antwort',
  undescribed: 'keine Antwort',
  gradients: 'Gradienten der Projektionen',
  gradientAxis: (steps) =>
    steps > 1 ? `Norm vor dem Kappen, Mittel aus ${steps} Schritten` : 'Norm vor dem Kappen',
  norm: 'Gradient',
}

const stepOf = (step: number, steps: number) => `Schritt ${count(step)} von ${count(steps)}`

/** The page on which a small model learns. */
export const train: typeof import('../en/train').train = {
  curves,
  percent,

  tasks: {
    describe: ['Welches Wort es beschreibt', 'elephant: large'],
    copy: ['Abschreiben', 'sechs Buchstaben noch einmal'],
    reverse: ['Umkehren', 'sechs Buchstaben von hinten'],
    sort: ['Sortieren', 'sechs Buchstaben nach dem Alphabet'],
  },
  taskLabel: 'Aufgabe',
  headLabel: 'Kopf',
  allHeads: 'Alle Köpfe',
  allHeadsWhat: 'ihr Mittel',
  head: (n) => `Kopf ${n}`,
  edit: 'Satz ändern',

  ask: ['Wohin sieht ', ', wenn das Modell gelernt hat?'],
  finding: {
    before: 'Vor dem ersten Schritt: ',
    after: (step) => `Nach ${count(step)} ${step === 1 ? 'Schritt' : 'Schritten'}: `,
    looksMost: ' sieht am meisten auf ',
    looks: ' sieht auf ',
    itself: 'sich selbst',
    everywhere: ' sieht überall gleich viel hin, kein Wort bekommt mehr als ',
    share: (weight) => `, mit ${percent(weight)} seiner Attention.`,
    weight: (weight) => `, mit dem Gewicht ${weight}.`,
    nothing: ' sieht auf nichts.',
  },

  lead: {
    describe:
      'Zu jedem Wort soll das Modell sagen, welches Wort es beschreibt. Alles außer der Attention sieht nur ein einziges Wort: Nur ein Kopf kann large zu elephant bringen. Niemand sagt ihm, wohin er sehen soll.',
    copy: 'Zu jedem ? soll das Modell sagen, welcher Buchstabe dort hingehört: dieselben sechs noch einmal. Nur ein Kopf kann einen Buchstaben zu einem ? bringen. Niemand sagt ihm, wohin er sehen soll.',
    reverse:
      'Zu jedem ? soll das Modell sagen, welcher Buchstabe dort hingehört: die sechs von hinten. Nur ein Kopf kann einen Buchstaben zu einem ? bringen. Niemand sagt ihm, wohin er sehen soll.',
    sort: 'Zu jedem ? soll das Modell sagen, welcher Buchstabe dort hingehört: die sechs in der Reihenfolge des Alphabets. Wohin ein Kopf sehen muss, hängt von den Buchstaben ab. Niemand sagt es ihm.',
  },

  guess: {
    title: 'Sag erst, was du erwartest',
    later: 'Dein Tipp, und wie es kam',
    before: 'Vorher am meisten auf',
    after: 'Nachher am meisten auf',
    yours: 'dein Tipp',
    soon: (word) =>
      word === undefined
        ? 'Du wirst es sehen, wenn das Modell gelernt hat.'
        : `Dein Tipp ist „${word}“. Du wirst es sehen, wenn das Modell gelernt hat.`,
    beforeLabel: 'Vor dem Training',
    afterLabel: 'Nach dem Training',
  },

  start: 'Training starten',
  rest: 'Pause',
  go: 'Weiter',
  again: 'Neu trainieren',
  anew: 'Anderer Seed',
  starting: 'macht sich bereit …',
  of: stepOf,
  speed: (tokens) => `${count(Math.round(tokens / 100) * 100)} Token/s`,
  left: (seconds) =>
    seconds < 1
      ? 'keine Sekunde mehr'
      : seconds < 90
        ? `noch etwa ${Math.round(seconds)} s`
        : `noch etwa ${Math.round(seconds / 60)} min`,
  resting: 'angehalten',
  finished: 'alle Schritte getan',
  ended: 'abgebrochen',
  size: (parameters, sentences, words, threads) =>
    `${count(parameters)} Parameter, ${count(words)} Wörter, ${count(sentences)} Sätze, ${threads === 1 ? 'ein Thread' : `${threads} Threads`}`,
  failed: 'Das Training brach ab',
  failedText: (message) => `${message}. Was bis dahin gelernt war, lässt sich weiter ansehen.`,

  step: 'Schritt',
  slider: 'Der Schritt, der gezeigt wird',
  sliderText: (step) => `Schritt ${count(step)}`,
  latest: 'neuester',
  play: 'Von vorn abspielen',
  stop: 'Anhalten',

  map: 'Wer sieht auf wen',
  mapOf: (head, heads) => (head === undefined ? `Mittel von ${heads} Köpfen` : `Kopf ${head} von ${heads}`),
  linkTitle: (query, key) => `Von ${query} zu ${key}`,
  savedTitle: (task, step) => `${task}, Schritt ${count(step)}`,
  noCurves: 'Hier entstehen Schritt für Schritt die Kurven von Verlust, richtigen Antworten und Gradienten.',
  notYet: 'Noch ist nichts gelernt. Starte das Training, und die Karte füllt sich.',
  weight: 'Gewicht',
  negative:
    'Negative Gewichte, die nur linear erzeugt, bleiben leer: Zeig auf eine Zelle, um ihre Zahl zu sehen.',
  matters: 'Kommt es darauf an?',
  at: 'Zu ',
  itSays: ' sagt das Modell: ',
  none: 'nichts beschreibt es',
  noneLetter: 'kein Buchstabe',
  even: 'Hätten alle Wörter dasselbe Gewicht, würde es sagen: ',
  evenSame:
    'Hätten alle Wörter dasselbe Gewicht, würde es dasselbe sagen: Hier entscheidet nicht die Attention.',
  unknown: (list) =>
    `Diese Wörter hat das Modell nie gesehen und kann sie nicht unterscheiden: ${list}. Nimm geläufigere.`,

  rules: {
    title: 'Nimm ein Stück heraus, und trainiere neu',
    text: 'Dieselben Daten, dieselben Anfangsgewichte, dieselben Schritte: Nur die Formel ist eine andere. Der vorige Lauf bleibt als gestrichelte Linie auf denselben Achsen stehen.',
    divide: 'Teilen durch ',
    normalizer: 'Gewichte durch',
    seed: 'Seed',
    guess: 'Gelernt wird es',
    paces: { sooner: 'früher', same: 'etwa gleich früh', later: 'später', never: 'nie' },
    paceSaid: {
      sooner: 'Es war früher gelernt als im vorigen Lauf.',
      same: 'Es war etwa gleich früh gelernt wie im vorigen Lauf.',
      later: 'Es war später gelernt als im vorigen Lauf.',
      never: 'In diesen Schritten wurde es nicht gelernt.',
    },
    paceRule:
      'Gelernt heißt: neun Zehntel der richtigen Antworten, auf die der vorige Lauf kam. Früher oder später heißt: um ein Viertel der Schritte.',
    same: 'Das sind die Regeln des Laufs oben. Ändere eine, um mit ihr neu zu trainieren.',
    with: (scale, normalizer) =>
      [
        ...(scale ? [] : ['ohne Skalierung']),
        ...(normalizer === 'softmax' ? [] : [`mit ${normalizer}`]),
      ].join(', ') || 'mit unveränderter Formel',
    run: (what) => `${what[0].toUpperCase()}${what.slice(1)} trainieren`,
    ghost: (what, seed) => `gestrichelt: der vorige Lauf, ${what}, Seed ${seed}`,
  },

  runs: {
    title: 'Läufe von heed train',
    text: 'Was du im Terminal trainierst, lässt sich hier öffnen und verfolgen, solange es läuft.',
    none: 'Noch kein Lauf. Starte einen, und er erscheint hier:',
    off: 'Diese Seite kommt nicht von heed studio, darum gibt es hier keine Läufe zu öffnen.',
    command: 'npx heed train describe --data labels.tsv --valid valid.tsv --out runs/describe',
    retry: 'Noch einmal',
    back: 'Zurück zum Training auf dieser Seite',
    state: {
      running: 'läuft',
      finished: 'fertig',
      stopped: 'angehalten',
      diverged: 'divergiert',
      failed: 'fehlgeschlagen',
      unknown: 'unbekannt',
    },
    of: (step, steps) => (steps === undefined ? `Schritt ${count(step)}` : stepOf(step, steps)),
    live: 'alle zwei Sekunden neu nachgesehen',
    error: (name) => `${name} lässt sich nicht öffnen`,
    noMaps:
      'Dieser Lauf hat keine Attention aufgezeichnet: heed train tut das, wenn es Übersetzer und Sprachmodelle auswertet.',
    map: (site) => `${site}, bei der Auswertung dieses Schritts`,
    samples: 'Was das Modell aus neuen Texten macht',
    source: 'Text',
    output: 'Modell',
    reference: 'Vorlage',
  },

  data: {
    title: 'Woraus das Modell lernt',
    describe:
      '9.000 englische Sätze, von Regeln beschriftet, und 500 weitere, um es zu prüfen. In keinem steht elephant: large. Sätze: tatoeba.org und www.manythings.org/anki, CC-BY 2.0 France.',
    sequence:
      '2.000 Folgen aus sechs Buchstaben, gleichverteilt gezogen und an Ort und Stelle erzeugt, 200 andere, um es zu prüfen; keine kommt zweimal vor. Die Karte zeigt die erste davon, in der alle Buchstaben verschieden sind.',
    shape:
      'Eine Schicht, darin eine Attention, 64 Komponenten; AdamW; der Verlust ist die mittlere Kreuzentropie über alle Wörter.',
  },

  save: {
    map: 'Die Karte als SVG speichern',
    curves: 'Die Kurven als SVG speichern',
    csv: 'Die Zahlen als CSV speichern',
    json: 'Den Lauf als JSON speichern',
  },
}
