import type { Measure } from '../../engine/words-measures'
import type { Parts } from '../en/words'
import { count, listed } from './written'

const b = (word: string) => ({ b: word })

const measure: Record<Measure, string> = {
  cosine: 'Kosinus',
  angular: 'Winkel',
  euclidean: 'euklidischer Abstand',
  manhattan: 'Manhattan-Abstand',
  dot: 'Skalarprodukt',
}
/** Behind “nach”. */
const by = { ...measure, euclidean: 'euklidischem Abstand' }
const short = { ...measure, euclidean: 'euklidisch', manhattan: 'Manhattan', dot: 'Produkt' }

export const words: typeof import('../en/words').words = {
  count,
  measure,
  loading: (model) => `Die Wörter von ${model}`,
  bad: {
    title: (model, isOpen) =>
      isOpen ? `Die Wörter von ${model} ließen sich nicht auslegen` : `${model} ließ sich nicht öffnen`,
    text: (message) => `${message}. Die Wörter, die du gewählt hast, bleiben erhalten.`,
    again: 'Noch einmal',
  },
  none: {
    title: (model) => `${model} hat keine eigenen Wörter`,
    text: (tokens) =>
      `Seine ${count(tokens)} Token sind Bytes oder Stücke: Kein Wort ist eines davon, also gibt es keine Karte. Nimm ein Modell mit einem Vokabular aus Wörtern.`,
  },
  search: {
    label: 'Wort suchen',
    nothing: (typed) => `kein ganzes Wort enthält „${typed}“; Eingabe nimmt es als Mittel seiner Stücke`,
  },
  chosen: {
    label: 'Wörter, die verglichen werden',
    remove: (word) => `${word} wegnehmen`,
    preset: listed,
    empty: 'Kein Wort ist gewählt: Such eines, klicke eines auf der Karte an, oder nimm',
    refused: (why) => `Ausgelassen: ${why}`,
    spelt: (word, pieces) =>
      `${word} ist hier kein ganzes Wort: Es ist das Mittel seiner ${pieces.length} Stücke, ${pieces.join(' + ')}.`,
    by: 'Maß',
  },
  finding: {
    all: (n) => [`${count(n)} Wörter, wie das Modell sie anordnet`],
    nearest: (of, near, value, by) => [b(near), ' liegt ', b(of), ` am nächsten: ${measure[by]} ${value}`],
    pair: (one, other, value, by) => [b(one), ' und ', b(other), `: ${measure[by]} ${value}`],
    three: (of, near, far, values, by) => [
      b(of),
      ' liegt näher bei ',
      b(near),
      ' als bei ',
      b(far),
      `: ${measure[by]} ${values.join(' gegen ')}`,
    ],
    many: (of, near, far, values, by) => [
      'Von den gewählten Wörtern liegt ',
      b(near),
      ' am nächsten bei ',
      b(of),
      ' und ',
      b(far),
      ` am weitesten weg: ${measure[by]} ${values.join(' und ')}`,
    ],
    guess: (word) => ['Wo gehört ', b(word), ' hin?'],
  },
  map: {
    label: (n) =>
      `Karte von ${count(n)} Wörtern. Die Pfeiltasten verschieben sie, Plus und Minus zoomen, 0 zeigt alles; Eingabe nimmt das Wort, das der Mitte am nächsten ist und in der Zeile über der Karte steht.`,
    zoom: 'Zoom',
    in: 'Vergrößern',
    out: 'Verkleinern',
    all: 'Alle Wörter zeigen',
    rule: (n, tokens) =>
      `${count(n)} ganze Wörter: von ${count(tokens)} Token die, die aus Buchstaben bestehen und in einem Satz für sich stehen. Sondertoken, Bytes und Endungen fehlen; manche Wortanfänge sind dabei.`,
    directions: (n) => `Die Richtungen stammen von den ersten ${count(n)} Wörtern.`,
    shadow: (share, dimensions) => `zwei von ${dimensions} Richtungen; sie fassen ${share} der Streuung`,
    kept: (kept, near, word) =>
      `Ein Schatten: Von den ${near} nächsten Wörtern zu ${word} zeigt die Karte ${kept === 0 ? 'keines' : kept} unter den ${near} nächsten.`,
    legend: (word) => `Kosinus zu ${word}`,
    readout: (rank) => `${rank === 1 ? 'das erste' : `Nummer ${count(rank)}`} der Wörter des Vokabulars`,
    point: 'Zeig auf ein Wort: Hier steht dann, was von ihm zu sagen ist. Ein Klick nimmt es.',
  },
  table: {
    short,
    title: 'Nah und fern, nach jedem Maß',
    all: (dimensions) => `Gemessen in allen ${dimensions} Dimensionen.`,
    agree: (n, one, other) => [
      `Alle ${n === 5 ? 'fünf' : n} Maße sind sich einig: `,
      b(one),
      ' und ',
      b(other),
      ' liegen am nächsten beieinander. ',
    ],
    split: (groups) => [
      'Die Maße sind sich nicht einig. Am nächsten beieinander liegen ',
      ...groups.flatMap(({ by: measures, one, other }, n): Parts => [
        n > 0 ? '; ' : '',
        b(one),
        ' und ',
        b(other),
        ` nach ${listed(measures.map((each) => by[each]))}`,
      ]),
      '. ',
    ],
    caption: 'Länger ist weiter; bei jedem Maß ist das nächste Paar fett.',
    dot: 'Ein Skalarprodukt ist kein Abstand: Es mischt Richtung und Länge, darum hat es keinen Balken.',
    few: 'Wähle ein zweites Wort, und die beiden werden nach jedem Maß verglichen.',
    hidden: 'Verdeckt, solange du rätst.',
  },
  neighbours: {
    title: (word) => `Nachbarn von ${word}`,
    by: (measure, n) => `nach ${by[measure]}, von ${count(n)} Wörtern`,
    ends: (to) => `Balken von 0 bis ${to}`,
  },
  guess: {
    begin: (word) => `Raten, wo ${word} liegt`,
    drag: (word) =>
      `Zieh ${word} dorthin, wo es deiner Meinung nach hingehört; auch die Pfeiltasten bewegen es.`,
    handle: (word) => `${word}: ziehen oder mit den Pfeiltasten bewegen`,
    show: 'Zeigen, wo es ist',
    idle: 'Weiß ich nicht: zeigen',
    stop: 'Nicht mehr raten',
    done: 'Fertig',
    again: 'Neu raten',
    gap: (nearer, all, word) =>
      nearer === 0
        ? `Nichts auf der Karte liegt näher bei ${word} als dein Tipp.`
        : `${count(nearer)} von ${count(all)} Wörtern ${nearer === 1 ? 'liegt' : 'liegen'} näher bei ${word} als dein Tipp.`,
  },
  sum: {
    title: 'Rechnen mit Wörtern',
    term: { a: 'von diesem Wort', b: 'wird dieses abgezogen', c: 'und dieses addiert' },
    minus: '−',
    plus: '+',
    about: '≈',
    nothing: 'nichts',
    nearest: 'dem Ergebnis am nächsten, nach Kosinus',
    picture: (a, b, c, answer) =>
      `${a} minus ${b} plus ${c}: Der Pfeil von ${b} zu ${a}, an ${c} angesetzt, endet nahe bei ${answer}.`,
    plane: (a, b, c) => `Die Ebene durch ${b}, ${c} und ${a}, unverzerrt, jedes Wort auf Länge 1 gebracht.`,
    off: (answer, off) => `${answer} liegt ${off} neben dieser Ebene.`,
    left: 'Die drei eingegebenen Wörter fehlen in der Liste: Ohne diese Regel wäre meist eines von ihnen die Antwort.',
    go: 'Rechnen',
  },
  arrows: {
    title: 'Addieren und skalieren',
    few: 'Wähle zwei Wörter: Sie werden als Pfeile addiert.',
    factor: 'Womit x skaliert wird',
    sum: 'x + y',
    scaled: (c) => `${c} x`,
    nearSum: 'am nächsten bei x + y',
    nearScaled: (c) => `am nächsten bei ${c} x`,
    zero: 'Der Nullvektor hat keine Richtung: Nach Winkeln liegt ihm nichts am nächsten.',
    picture: (x, y, angle, sum, c) =>
      `${x} und ${y} als Pfeile im Winkel von ${angle}; x + y hat die Länge ${sum}; x ist mit ${c} skaliert.`,
    plane: (x, y) => `Die Ebene durch 0, ${x} und ${y}, unverzerrt: Längen und Winkel sind die wahren.`,
    keeps:
      'Skalieren mit einer positiven Zahl dreht keinen Pfeil; nach Kosinus bleibt die Liste also, wie sie ist.',
    turns: 'Eine negative Zahl dreht den Pfeil um: Was am nächsten war, ist am weitesten weg.',
    angle: 'Winkel',
  },
  axioms: {
    title: 'Was daraus einen Vektorraum macht',
    holds: (n, exact) =>
      n === 8 ? `alle acht Regeln gelten, ${exact} davon exakt` : `${n} der acht Regeln gelten`,
    idea: 'Ein Vektorraum ist eine Menge, deren Elemente sich addieren und mit Zahlen skalieren lassen, und zwar so, dass diese acht Regeln gelten. Tun sie das, ist alles auf dieser Seite erlaubt: addieren, skalieren, mischen, messen.',
    on: ([u, v, w]) => [
      'Geprüft an u = ',
      b(u),
      ', v = ',
      b(v),
      ', w = ',
      b(w),
      ', von der Engine in ihren eigenen 32-Bit-Zahlen, mit zwei Faktoren:',
    ],
    rounding:
      'Wo die letzte Stelle gerundet ist, steht das dabei, und auch, wie viel Rundung allein ausmachen darf.',
    open: 'Die Definition zeigen und jede Regel prüfen',
    name: {
      commutes: 'in beliebiger Reihenfolge addieren',
      associates: 'in beliebiger Klammerung addieren',
      zero: 'eine Null, die nichts ändert',
      opposite: 'zu jedem ein Gegenstück',
      scalesTwice: 'zweimal skalieren ist einmal skalieren',
      one: 'Skalieren mit 1 ändert nichts',
      scalesSums: 'eine Summe skalieren',
      addsScales: 'Faktoren addieren',
    },
    exact: 'exakt',
    within: (apart) => `± ${apart}`,
    fails: 'gilt nicht',
    same: (dimensions) => `Je ${dimensions} Zahlen, und jede ist dieselbe.`,
    apart: (dimensions, apart, bound) =>
      `Je ${dimensions} Zahlen. Größter Unterschied: ${apart}; durch Rundung erklärbar sind bis zu ${bound}.`,
    strip: (side) => `${side}, eine Zahl für jede Dimension`,
  },
  save: {
    map: 'Die Karte als SVG speichern',
    words: 'Alle Wörter mit ihren Plätzen als CSV speichern',
    numbers: 'Die Zahlen als JSON speichern',
    note: (model, share) => `Wörter als Vektoren aus der Embedding-Tabelle von ${model}. ${share}.`,
  },
}
