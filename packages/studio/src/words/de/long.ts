import { count as whole, decimal } from './written'

const count = (n: number) => whole(Math.round(n))
const size = (bytes: number) =>
  bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} KB`
    : bytes < 1e9
      ? `${decimal(bytes / 1e6, bytes < 1e7 ? 1 : 0)} MB`
      : `${decimal(bytes / 1e9)} GB`
const seconds = (s: number) => (s < 90 ? `${Math.max(1, Math.round(s))} s` : `${Math.round(s / 60)} min`)
const span = ([start, end]: readonly [number, number]) =>
  end - start === 1 ? count(start) : `${count(start)} bis ${count(end - 1)}`

export const long: typeof import('../en/long').long = {
  count,
  intro: {
    title: 'Ein langer Text und jeder Ausschnitt seiner Karte',
    text: 'Eine Karte von 30.000 Token hat 900 Millionen Gewichte. Keines davon wird aufbewahrt: Jedes, das du ansiehst, wird in diesem Moment berechnet, exakt, aus Queries, Keys und zwei Zahlen je Zeile.',
    label: 'Text',
    hint: 'Tippe einen Text, füge ihn ein oder lege eine Datei hier ab.',
    file: 'Datei wählen',
    sample: (characters) => `${count(characters)} erfundene Zeichen`,
    samples: 'oder eine Probe, in der jeder Satz zweimal vorkommt',
    again: 'Herausnehmen',
    characters: (n, name) => `${name ? `${name}: ` : ''}${count(n)} Zeichen`,
    read: 'Lesen',
    back: 'Zurück zur Karte',
    counting: 'Zählt Token …',
    lost: 'Der Text zu dieser Adresse ist nicht hier',
    lostText:
      'Lange Texte bleiben in dem Tab, in den du sie gelegt hast; eine Adresse nennt nur ihren Namen. Gib den Text noch einmal ein.',
    notText: (name) =>
      `${name} ist kein Text: Die Datei enthält Bytes, die kein UTF-8 sind. Wähle eine Textdatei.`,
    tooLarge: (name, bytes) =>
      `${name} hat ${size(bytes)}; diese Seite nimmt Texte bis 20 MB. Zerlege die Datei in Teile.`,
  },
  cost: {
    tokens: (n, model) => `${count(n)} Token für ${model}`,
    held: (bytes, held, sites) =>
      `Braucht ${size(bytes)} Speicher: q, k und zwei Zahlen je Zeile ${
        held === sites
          ? sites === 1
            ? 'für die eine Attention des Modells'
            : `für alle ${sites} Attentions`
          : `für eine von ${sites} Attentions, alle auf einmal wären zu viel`
      }.`,
    whole: (tokens) =>
      `Ausgeschrieben bräuchte die Karte eines einzigen Kopfes ${size(4 * tokens * tokens)}.`,
  },
  tooLong: {
    title: (tokens, model, limit) => `${count(tokens)} Token; ${model} liest ${count(limit)}`,
    text: 'Abgeschnitten wurde nichts. Lies einen Teil davon, oder nimm ein Modell mit mehr Positionen.',
    first: (limit) => `Die ersten ${count(limit)} lesen`,
    other: (model) => `${model} öffnen`,
    another: 'Anderen Text nehmen',
  },
  reading: {
    title: (tokens) => (tokens === undefined ? 'Liest' : `Liest ${count(tokens)} Token`),
    fetching: (model) => `Holt ${model}`,
    begins: 'Das Modell liest den Text ein einziges Mal.',
    tokens: (done, rate, left) =>
      `${count(done)} gelesen${rate === undefined ? '' : `, ${count(rate)} je Sekunde`}${left === undefined ? '' : `, noch etwa ${seconds(left)}`}.`,
    layers: (done, total) => `${done} von ${total} Schichten.`,
    stop: 'Anhalten',
    failed: 'Das Modell hat den Text nicht gelesen',
    kept: (message) => `${message}. Dein Text bleibt erhalten.`,
    again: 'Noch einmal',
  },
  head: {
    site: 'Attention',
    head: 'Kopf',
    named: (n) => `Kopf ${n}`,
    another: 'Anderer Text',
    read: (tokens, bytes) => `${count(tokens)} Token, ${size(bytes)} im Speicher`,
  },
  finding: {
    waiting: (tokens) => `${count(tokens)} Token sehen aufeinander.`,
    none: (apart) =>
      apart > 1
        ? `Dieser Kopf verbindet nichts über ${count(apart)} oder mehr Token hinweg.`
        : 'Dieser Kopf verbindet nichts.',
    // The page sets a comma behind the token that asks: Fragt “x”, sieht dieser Kopf …
    at: 'Fragt',
    looks: 'sieht dieser Kopf zurück auf',
    looksOn: 'sieht dieser Kopf voraus auf',
    far: (tokens) => `${count(tokens)} Token entfernt`,
    weight: (share) => `${share} seiner Attention`,
  },
  map: {
    label: (tokens) =>
      `Karte von ${count(tokens)} Queries mal ${count(tokens)} Keys. Die Pfeiltasten verschieben, Plus und Minus zoomen, 0 zeigt alles, Eingabe wählt; worauf gezeigt wird, steht daneben.`,
    asks: 'fragt',
    answers: 'antwortet',
    nearer: 'Näher',
    farther: 'Weiter weg',
    whole: 'Ganze Karte',
    cells: 'ein Pixel ist ein Gewicht',
    pixel: (side, pool) =>
      `ein Pixel ist ${pool === 'max' ? 'das größte' : 'das Mittel'} von ${side} × ${side} Gewichten`,
    computing: (missing) =>
      missing === 1 ? '1 Kachel steht noch aus' : `${count(missing)} Kacheln stehen noch aus`,
    written: 'Gewichte ab .10 sind ausgeschrieben.',
    help: 'Mausrad oder zwei Finger zoomen, Ziehen verschiebt. Was schraffiert ist, ist noch nicht berechnet.',
    pools: [
      ['max', 'das größte'],
      ['mean', 'das Mittel'],
    ],
    poolLabel: 'Ein Pixel zeigt',
    scales: [
      ['linear', '0 bis 1'],
      ['log', 'logarithmisch'],
    ],
    scaleLabel: 'Farbskala',
    weight: (pool, isCell) => (isCell ? 'Gewicht' : pool === 'max' ? 'größtes Gewicht' : 'mittleres Gewicht'),
    log: 'logarithmische Achse',
    failed: 'Dieser Teil der Karte kam nicht',
  },
  readout: {
    nothing: 'Zeig auf die Karte: Hier steht dann, wer fragt und wer antwortet.',
    block: (rows, cols) => `Queries ${span(rows)}, Keys ${span(cols)}`,
    value: (pool) => (pool === 'max' ? 'größtes Gewicht' : 'mittleres Gewicht'),
    one: 'diese Verbindung',
    asks: (n) => `fragt, Nr. ${count(n)}`,
    answers: (n) => `antwortet, Nr. ${count(n)}`,
    product: 'q·k',
    score: 'Score',
    largest: '− Zeilenmaximum',
    each: 'e hoch dies',
    sum: '÷ Zeilensumme',
    weight: 'Gewicht',
    forbidden: 'verboten',
    special: 'Sondertoken',
  },
  links: {
    title: 'Stärkste Verbindungen',
    apart: 'Mindestabstand',
    aparts: (n) => (n === 1 ? 'beliebig weit' : `${count(n)} Token`),
    progress: (share) => `${Math.floor(100 * share)}\u00A0% der Karte durchgesehen`,
    done: (weights) => `von ${count(weights)} Gewichten`,
    rule: (near) =>
      `Von Verbindungen, die keine ${near} Token auseinanderliegen, steht die stärkste für alle. Sondertoken und das erste Token eines kausalen Modells zählen nicht mit.`,
    none: (apart) =>
      apart > 1
        ? `Kein Gewicht bei ${count(apart)} oder mehr Token. Wähle einen kleineren Abstand.`
        : 'Kein Gewicht über 0.',
    columns: ['Gewicht', 'fragt', 'antwortet', 'Abstand'],
  },
  worth: {
    title: 'Kommt es darauf an?',
    text: 'Eine Karte zeigt, wohin ein Kopf sieht. Nimm ihn heraus, lass den Text noch einmal lesen und sieh, um wie viel schlechter das Modell ihn vorhersagt.',
    ask: (head) => `Ohne Kopf ${head} lesen`,
    reading: (stage) => (stage === 'without' ? 'Liest ohne den Kopf' : 'Liest, wie es ist'),
    found: (before, after, change) => `Verlust ${before} → ${after} Nat je Token (${change}).`,
    missed: 'Am meisten fehlt er bei',
    place: (token) => `Token ${count(token)}`,
    care: 'Ein Kopf, ein Text. Fehlt er, springen vielleicht andere ein: heed ablate nimmt mehrere auf einmal heraus.',
    cannot: 'Fragen lassen sich nur Modelle, die sagen, was als Nächstes kommt: Dieses tut das nicht.',
    failed: 'Das ließ sich nicht messen',
  },
  save: {
    map: 'Die ganze Karte als SVG speichern',
    cells: 'Die sichtbaren Zellen als SVG speichern',
    csv: 'Die stärksten Verbindungen als CSV speichern',
    json: 'Die stärksten Verbindungen als JSON speichern',
    title: (site, head) => `${site} · Kopf ${head}`,
  },
}
