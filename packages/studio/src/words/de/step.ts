import type { Piece } from '../en/step'
import type { Rich } from '../rich'

const named = (role: 'q' | 'k', { text, of }: Piece): Rich => [
  role === 'q' ? { q: text } : { k: text },
  ...(of === undefined ? [] : [{ mut: ` in ${of}` }]),
]

const divisor = (value: string | undefined): Rich => (value === undefined ? ['√d', { sub: 'k' }] : [value])

export const step: typeof import('../en/step').step = {
  nothing: (asks) => [...named('q', asks), ' darf hier auf nichts sehen.'],
  finding: ({ asks, answers, isWritten, isMost, share }) => [
    'Um ',
    ...named('q', asks),
    ` zu ${isWritten ? 'schreiben' : 'lesen'}, sieht dieser Kopf ${isMost ? 'auf' : 'am meisten auf'} `,
    ...named('k', answers ?? { text: 'sich selbst' }),
    share === undefined ? '.' : `: ${share} seiner Attention.`,
  ],
  attention: 'Attention',
  head: 'Kopf',
  headNumber: (head) => `Kopf ${head}`,
  anotherHead: 'Anderen Kopf nehmen',
  edit: 'Satz ändern',
  byRule: (ofWords) =>
    `von allen Köpfen hier der mit der stärksten Verbindung zweier ${ofWords ? 'Wörter' : 'Token'}`,
  toRule: 'Den Kopf mit der stärksten Verbindung nehmen',
  weight: 'Gewicht',
  value: 'Zahl',
  asks: 'fragt',
  answers: 'antwortet',
  before: 'vorher',
  writing: 'Wörter, die geschrieben werden',
  how: (sum, isOne) =>
    `Klicke auf ein Wort, um von dort zu lesen, zweimal, um es zu ändern. Die Zeile ergibt ${sum.replace('.', ',')}${isOne ? '' : ', nicht 1'}.`,
  arcsFrom: (share) => `Bögen sind ab ${share} gezeichnet.`,
  output: 'Ausgabe',
  translated: 'Übersetzung',

  pin: {
    reading: 'gelesen wird',
    changes: (n) => `${n} ${n === 1 ? 'Änderung' : 'Änderungen'}`,
    reset: 'zurücksetzen',
    unchanged: 'nichts geändert',
  },

  vector: {
    title: 'Ein Token ist ein Vektor',
    text: (name, numbers, layers, isWritten) => [
      'Für das Modell ist ',
      isWritten ? 'die Stelle, an der ' : '',
      { b: name },
      isWritten ? ' stehen wird, ' : ' ',
      `eine Liste von ${numbers} Zahlen: der Ort dieses Tokens, an dieser Stelle, in einem Raum, den das Modell gelernt hat`,
      layers > 0
        ? `, nachdem ${layers === 1 ? 'eine Schicht' : `${layers} Schichten`} etwas dazuaddiert ${layers === 1 ? 'hat' : 'haben'}`
        : '',
      '.',
    ],
    directions: 'Eine Zahl allein bedeutet nichts. Richtungen bedeuten etwas.',
    norm: 'Bevor der Kopf diesen Vektor liest, bringt ihn eine Norm-Schicht auf eine einheitliche Größe.',
    numbers: (count) => `${count} Zahlen`,
    behindNorm: 'hinter der Norm-Schicht: was der Kopf liest',
    label: (count, name, what) => `Die ${count} Zahlen von ${name}: ${what}`,
  },

  projections: {
    title: 'Derselbe Vektor, dreimal gelesen',
    text: (x, numbers) => [
      'Drei gelernte Matrizen machen aus ',
      { letter: x },
      ' eine ',
      { q: 'Query' },
      ', einen ',
      { k: 'Key' },
      ' und einen ',
      { v: 'Value' },
      ` mit je ${numbers} Zahlen.`,
    ],
    bars: (x, hasBias) => [
      'Jeder Balken unter einer Matrix ist eine ihrer Spalten, mit ',
      { letter: x },
      ` multipliziert und aufsummiert${hasBias ? ', plus eine gelernte Zahl (b)' : ''}.`,
    ],
    cross: (asks, answers) => [
      'Hier gehört die Query zu ',
      { q: asks },
      ', Key und Value gehören zu ',
      { k: answers },
      '.',
    ],
    turned: (isSized, isTurned) =>
      `Query und Key sind so gezeigt, wie sie aufeinandertreffen: Hinter W ${[
        isSized ? 'bringt dieses Modell sie auf eine einheitliche Größe' : undefined,
        isTurned ? `dreht ${isSized ? '' : 'dieses Modell '}sie je nach Position des Tokens` : undefined,
      ]
        .filter((part) => part !== undefined)
        .join(' und ')}. Ihre Balken sind darum nicht die Summen der Spalten.`,
    input: (x) => `Die Zahlen von ${x}, von oben`,
    matrix: (letter, rows, columns) => `W ${letter}, ${rows} mal ${columns}`,
    strip: (word, token) => `${word} von ${token}`,
    words: { q: 'Query', k: 'Key', v: 'Value' },
    what: { q: 'was es sucht', k: 'was es anbietet', v: 'was es weitergibt' },
    inW: 'in W',
  },

  score: {
    title: 'Ein Score, aufgeklappt',
    text: (asks, answers) => [
      'Wie gut passt die Query von ',
      { q: asks },
      ' zum Key von ',
      { k: answers },
      '? Multipliziere sie Zahl für Zahl und zähle alles zusammen.',
    ],
    largest: (of, brought, score) => [
      `Die drei größten der ${of} Produkte bringen `,
      { b: brought },
      ', alle zusammen ',
      { b: score },
      '.',
    ],
    query: (token) => `Query von ${token}`,
    key: (token) => `Key von ${token}`,
    of: (letter, token) => [letter === 'q' ? { q: letter } : { k: letter }, ` von ${token}`],
    sameScale: 'gleiche Skala',
    products: 'Die einzelnen Produkte',
    product: 'einzelne Produkte',
    running: (score) => `Von links nach rechts aufsummiert: ${score}`,
    added: 'aufsummiert, von links',
    told: (component, q, k, product, score, so) => [
      `Komponente ${component}: `,
      { q },
      ' × ',
      { k },
      ' = ',
      { b: product },
      ` von ${score}, bis hierher ${so}`,
    ],
  },

  scaling: {
    title: 'Skaliert, damit es ruhig bleibt',
    text: (divisor) =>
      `Je mehr Zahlen zusammenkommen, desto größer werden die Scores. Die Division durch ${divisor} bringt sie zurück auf dieselbe Größenordnung, wie lang die Vektoren auch sind.`,
    without: (answers, share, before) => [
      'Lass sie weg, und ',
      { k: answers },
      ` nimmt sich ${share} statt ${before}.`,
    ],
    label: (asks) => `Scores von ${asks}, vor und nach der Skalierung`,
    score: 'Score',
    on: 'skaliert, gleiche Achse, gestrichelt: vorher',
    off: 'ausgeschaltet: unverändert',
    withIt: (divisor) => `Mit ÷ ${divisor}`,
    withoutIt: 'Ohne',
    divideBy: (value) => ['Durch ', ...divisor(value), ' teilen'],
  },

  softmax: {
    title: 'Softmax macht aus einer Zeile Anteile',
    text: () => [
      'Ein Score kann jede Zahl sein. Nimm ',
      { letter: 'e' },
      ' hoch jeden Score und teile durch die Summe: Jedes ',
      { w: 'Gewicht' },
      ' liegt zwischen 0 und 1, und die Zeile ergibt 1.',
    ],
    more: 'Ein größerer Score bekommt ein größeres Gewicht, und zwar überproportional.',
    label: (asks) => `Scores und Gewichte von ${asks}`,
    scaled: 'skaliert',
    weight: (isChanged) => `Gewicht${isChanged ? ', gestrichelt: vorher' : ''}`,
    masked: 'Maske',
    normaliser: 'Gewichte durch',
    normaliserLabel: 'Gewichte durch',
    temperature: 'Temperatur',
  },

  mixing: {
    title: 'Values, nach Gewicht gemischt',
    text: (asks) => [
      'Jedes Token gibt seinen ',
      { v: 'Value' },
      ' weiter, auf sein ',
      { w: 'Gewicht' },
      ' gedimmt. Die gewichtete Summe ist es, was ',
      { q: asks },
      ' aus diesem Kopf mitnimmt.',
    ],
    joined: 'Die Köpfe einer Schicht werden zusammengefügt und zum Vektor aus Schritt 1 addiert.',
    label: 'Values und ihre Gewichte',
    strip: (token, weight) => `Value von ${token}, mal ${weight}`,
    output: 'Summe',
    outputOf: (token) => `Ausgabe für ${token}: die Values, jeder mal sein Gewicht, aufsummiert`,
    unchanged: 'Ausgabe ohne die Änderungen',
    scale: 'Alle Streifen auf einer Skala: Ein blasser Streifen ist ein kleiner Anteil, kein kleiner Value.',
    told: (component, value) => `Komponente ${component} der Ausgabe: ${value}`,
  },

  map: {
    title: 'Alle Token auf einmal',
    text: 'Jede Zeile ist ein Token, das fragt, jede Spalte eines, das antwortet. Was du gerade durchgegangen bist, ist die eingerahmte Zeile.',
    mask: 'Eine Maske verbietet Spalten, und zwar vor dem Softmax: So ergibt die Zeile weiterhin 1.',
    rows: 'die Zeilen sind nach den Wörtern benannt, die sie vorhersagen',
    here: (what) => `Hier gilt: ${what}.`,
    maskName: 'Maske',
    maskLabel: 'Maske',
    masks: { none: 'keine', causal: 'kausal', window: 'Fenster', draw: 'zeichnen' },
    own: (mask) => `${mask}, wie das Modell`,
    draw: 'Klicke auf Zellen, oder drücke Eingabe, um Verbindungen zu verbieten oder zu erlauben.',
    forbidden: (links) => `${links} ${links === 1 ? 'Verbindung' : 'Verbindungen'} verboten`,
    oneOf: (heads) => `Das war einer von ${heads} Köpfen.`,
    save: 'Als SVG speichern',
  },

  readout: {
    unscaled: 'nicht skaliert',
    forbidden: 'verboten',
    how: 'Zeig auf eine Zelle: Hier steht dann, wie sie zustande kommt.',
  },

  normaliser: {
    says: {
      softmax: '',
      sparsemax:
        'Sparsemax zieht von jedem Score τ ab, sodass der Rest über 0 zusammen 1 ergibt: Schwache Keys bekommen genau nichts.',
      relu: 'Negative Scores zählen nicht, positive anteilig. Eine Zeile ohne positiven Score bekommt nichts.',
      sigmoid:
        'Jeder Key wird für sich gewichtet: Gewichte liegen zwischen 0 und 1, und eine Zeile kann alles Mögliche ergeben.',
      linear: 'Die Scores selbst: Gewichte können negativ sein und sind darum keine Anteile.',
      hardmax: 'Der größte Score bekommt alles. Durch ihn geht kein Gradient, also ließe sich nichts lernen.',
    },
    power: 'e hoch dies',
    rowSum: '÷ Zeilensumme',
    threshold: (tau) => `τ ${tau}, mindestens 0`,
    minusThreshold: '− τ der Zeile',
    atLeast: 'mindestens 0',
    alone: 'jeder für sich',
    keys: (count) => `${count} Keys`,
    byKeys: (count) => `÷ ${count} Keys`,
    keysSeen: '÷ sichtbare Keys',
    oneOrNone: '1 oder 0',
    largest: 'der größte?',
  },

  save: {
    map: 'Die Karte als SVG speichern',
    sentence: 'Den Satz als SVG speichern',
    csv: 'Die Zahlen als CSV speichern',
    json: 'Die Zahlen als JSON speichern',
    title: (site, head) => `${site} · Kopf ${head}`,
    finding: (asks, answers, weight) => `${asks} sieht auf ${answers} ${weight}`,
    changed: (changes) => `geändert: ${changes.join(', ')}`,
    temperature: (value) => `Temperatur ${value}`,
    mask: (mask) => `Maske: ${mask}`,
    forbidden: (links) => `${links} ${links === 1 ? 'Verbindung' : 'Verbindungen'} verboten`,
  },
}
