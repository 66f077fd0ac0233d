import { count, decimal, percent as shareOf } from './written'

const percent = (share: number) => shareOf(share, 'unter 1\u00A0%')

const anyOf = (list: readonly string[]): string => `${list.slice(0, -1).join(', ')} oder ${list.at(-1)}`

/** What the article's page says beside the article itself, which is docs/article/de.md. */
export const learn: typeof import('../en/learn').learn = {
  parts: 'Teile des Artikels',
  part: (n, of, minutes) => `Teil ${n} von ${of} · ${minutes} ${minutes === 1 ? 'Minute' : 'Minuten'}`,
  read: (n, of) => (n === 0 ? `${of} Teile, eine halbe Stunde` : `${n} von ${of} Teilen gelesen`),
  isRead: 'gelesen',
  list: 'Alle Teile',
  save: 'Den Artikel als Markdown speichern',
  figure: {
    failed: 'Diese Abbildung kam nicht',
    noCode: 'Der Server antwortet nicht, oder er hat inzwischen eine andere Fassung. Lade die Seite neu.',
    again: 'Noch einmal',
    waiting: 'Das Modell wird gelesen.',
    coming: (done, total) =>
      total > 1e5
        ? `${decimal(done / 1e6)} von ${decimal(total / 1e6)} MB des Modells.`
        : `${done} von ${total}.`,
    open: 'Im Studio öffnen',
    reset: 'Zurück zum Modell, wie es ist',
    of: (model, site, head) => `${model}, ${site}, Kopf ${head}`,
    tooLong: (tokens, limit) => `${tokens} Token, diese Abbildung fasst ${limit}. Kürze den Satz.`,
    empty: 'Tippe einen Satz aus mindestens zwei Wörtern.',
    sentence: 'Satz',
    go: 'Lesen',
    weight: 'Gewicht',
  },
  wrong: {
    title: 'Diese Abbildung lässt sich nicht zeigen',
    text: 'Sie hat keinen Text. Gib ihr einen: text="The elephant is very large."',
    words: (least, count) =>
      `Sie braucht mindestens ${least} Wörter und hat ${count}. Gib sie an: words="dog cat television"`,
    oneOf: (attribute, value, list) => `${attribute}="${value}" gibt es nicht, nur ${list.join(', ')}.`,
    among: (attribute, value, list) => `${attribute}="${value}" ist keines ihrer Wörter: ${list.join(', ')}.`,
    head: (value) => `head="${value}" ist kein Kopf: Köpfe sind Zahlen von 0 an.`,
    height: (value) => `height="${value}" ist keine Höhe: Gib Pixel an, height="480".`,
    noModels: 'Die Liste der Modelle ist leer.',
    model: (value, there) =>
      `Ein Modell „${value}“ gibt es hier nicht; es gibt ${there.join(', ')} und die des Hubs, org/name.`,
    models: (folder, read) =>
      `models="${folder}": Die Elemente einer Seite haben eine Liste von Modellen, und das ist schon ${read}.`,
    token: (attribute, value, there) =>
      `${attribute}="${value}" ist kein Token ihres Textes; es gibt ${there.map((token) => `„${token}“`).join(', ')}.`,
    tooLong: (tokens, limit) => `Der Text hat ${tokens} Token; diese Abbildung fasst ${limit}.`,
    site: (value, there) => `site="${value}" hat das Modell nicht; es hat ${there.join(', ')}.`,
    noHead: (value, count) => `Einen Kopf ${value} gibt es nicht: Die Köpfe heißen 0 bis ${count - 1}.`,
    question: (value, there) => `Eine Frage „${value}“ gibt es nicht; es gibt ${there.join(', ')}.`,
  },
  row: {
    title: (word) => `Male es: Wohin sollte ${word} sehen?`,
    scaleTitle: (word) => `Male es: die Zeile von ${word} ohne die Division`,
    label: (word) => `Wie ${word} seine Attention verteilt: Säulen, die zusammen 1 ergeben`,
    compared: 'Deine Zeile neben der anderen',
    column: (word) => word,
    share: (share, isPainted) => (isPainted ? percent(share) : 'noch nicht gemalt'),
    both: (word, yours, truth, name) => `${word}: dein Tipp ${yours}, ${name} ${truth}`,
    asks: 'fragt',
    yours: 'dein Tipp',
    model: 'das Modell',
    without: 'ohne die Division',
    as: (root) => `mit ÷ √${root}, wie es ist`,
    how: 'Zieh die Säulen, oder nimm die Pfeiltasten. Zusammen ergeben sie immer 1.',
    sums: 'Ergibt zusammen immer 1.',
    show: 'Zeigen',
    unknown: 'Weiß ich nicht',
    again: 'Neu malen',
    elsewhere: (far) => `${percent(far)} deiner Attention liegen anderswo.`,
    flat: (far) => `Eine flache Zeile: ${percent(far)} davon liegen anderswo.`,
    near: (far) => (far === 0 ? 'Genau so.' : `Fast genau: ${percent(far)} Abweichung.`),
    gave: (word, yours, truth, where) =>
      `Am größten ist der Unterschied bei ${word}: Von dir bekam es ${yours}, ${where} bekommt es ${truth}.`,
    in: { model: 'im Modell', without: 'ohne die Division' },
  },
  show: {
    vectors: (numbers) => `Jedes Wort als ${numbers} Zahlen`,
    map: 'Wer sieht auf wen',
    projections: (word) => `Dasselbe ${word}, auf drei Arten gelesen`,
    score: (asks, answers) => `Der Score von ${asks} und ${answers}, aufgeklappt`,
    scale: 'Mit der Division und ohne sie',
    softmax: 'Von Scores zu Anteilen',
    mix: (word) => `Was ${word} mitnimmt`,
  },
  vectors: {
    label: (word) => `Die Zahlen von ${word}`,
    idle: 'Zeig auf ein Quadrat: Hier steht dann seine Zahl.',
    tells: (word, at, value) => `${word}, Zahl ${at}: ${value}`,
    legend: 'Zahl',
  },
  guess: {
    twice: {
      ask: (word, times) =>
        times === 2
          ? `Das Wort ${word} steht zweimal da. Werden seine beiden Zeilen gleich sein?`
          : `Das Wort ${word} steht ${times}-mal da. Werden die ersten beiden seiner Zeilen gleich sein?`,
      options: ['gleich', 'ähnlich, aber nicht gleich', 'nicht ähnlich'],
    },
    sum: {
      ask: (x, y) => `Wie lang ist ${x} + ${y}, verglichen mit den Längen beider zusammen?`,
      options: ['kürzer', 'genauso lang', 'länger'],
    },
    exact: {
      ask: (rules) => `Wie viele der ${rules} Regeln werden bis zur letzten Stelle gelten?`,
      options: ['alle', 'einige', 'keine'],
    },
    agree: {
      ask: (ways, word, others) =>
        `Sind sich alle ${ways} Arten zu messen einig, was ${others.length === 2 ? 'näher' : 'am nächsten'} bei ${word} liegt: ${anyOf(others)}?`,
      options: ['ja', 'nein'],
    },
    back: {
      ask: (asks, answers) => `Sieht ${answers} so sehr auf ${asks} wie ${asks} auf ${answers}?`,
      options: ['weniger', 'etwa so sehr', 'mehr'],
    },
    most: { ask: (word) => `Wohin wird ${word} am meisten sehen?` },
    likeness: {
      ask: (word, numbers) =>
        `Query und Key von ${word} entstehen aus denselben ${numbers} Zahlen. Werden sie sich ähneln?`,
      options: ['sie ähneln sich', 'sie haben wenig miteinander zu tun', 'sie sind entgegengesetzt'],
    },
    products: {
      ask: (d) => `Wie viele der ${d} Produkte, die größten zuerst, ergeben zusammen den halben Score?`,
      options: ['eines', 'zwei oder drei', 'vier oder mehr'],
    },
    nearest: { ask: (word) => `Wessen Value wird die Ausgabe von ${word} am ähnlichsten sein?` },
    kept: {
      ask: (tokens) =>
        `Sparsemax schneidet kleine Anteile auf 0 ab. Wie viele der ${tokens} Token werden einen behalten?`,
      options: ['eines', 'zwei oder drei', 'vier oder mehr'],
    },
    heads: {
      ask: (heads, asks, answers) =>
        `In wie vielen der ${heads} Köpfe sieht ${asks} am meisten auf ${answers}?`,
      options: ['in keinem', 'in einem', 'in mehreren', 'in allen'],
    },
    order: {
      ask: 'Jedes deutsche Wort sieht auf ein englisches am meisten. In welcher Reihenfolge stehen diese?',
      options: ['in der des englischen Satzes', 'in einer anderen', 'die meisten sehen auf dasselbe Wort'],
    },
  },
  words: {
    arrows: (x, y) => `${x} + ${y} als Pfeile`,
    lengths: (x, y, sum, both) => `${x} und ${y} lang, zusammen ${both}. Die Summe misst ${sum}.`,
    flat: 'Beide liegen in einer Ebene, unverzerrt gezeichnet; gestrichelt ist, was der Regler aus dem ersten macht.',
    factor: 'skaliert mit',
    axioms: 'Die acht Regeln, an echten Wörtern',
    on: (u, v, w, s, t) => `u = ${u}, v = ${v}, w = ${w}, s = ${s}, t = ${t}`,
    distances: 'Nah und fern, auf fünf Arten',
    fields: 'Wörter zum Vergleichen',
    compare: 'Vergleichen',
    place: (word) => `Wo gehört ${word} hin?`,
    drag: (word) => `Zieh ${word} an seinen Platz; auch die Pfeiltasten bewegen es.`,
    handle: (word) => `${word}: ziehen oder mit den Pfeiltasten bewegen`,
    plane: (share, dimensions, total) =>
      `${count(total)} Wörter als Punkte. Zwei von ${dimensions} Richtungen; sie fassen ${share} der Streuung.`,
    picture: (word, others) => `Eine Ebene von Wörtern mit ${others}; ${word} ist darauf zu legen`,
    nearer: (nearer, total, word) =>
      nearer === 0
        ? `Kein Wort liegt näher bei ${word} als dein Punkt.`
        : `${count(nearer)} von ${count(total)} Wörtern ${nearer === 1 ? 'liegt' : 'liegen'} näher bei ${word} als dein Punkt.`,
    again: 'Neu legen',
    unknown: (word) => `Dort liegt ${word}.`,
    none: 'Diese Wörter kennt das Modell nicht.',
  },
  heads: {
    title: (total) => `${total} Köpfe, Seite an Seite`,
    head: (head) => `Kopf ${head}`,
    looks: (query, key, weight) => `am stärksten: ${query} → ${key} ${weight}`,
  },
  translate: {
    title: 'Auf welches englische Wort jedes deutsche sieht',
    how: 'Klicke auf ein deutsches Wort, um seine Zeile zu sehen. Klicke auf ein englisches, um es vor der schreibenden Hälfte zu verstecken.',
    before: (output) => `Wenn nichts versteckt ist: ${output}`,
    after: (output) => `Wenn es versteckt ist: ${output}`,
  },
}
