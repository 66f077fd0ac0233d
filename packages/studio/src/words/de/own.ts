import { numbers } from './numbers'

const { count, megabytes } = numbers
/** `./mine` of an address is "mine" in a sentence. */
const plain = (folder: string) => folder.replace(/^\.\//, '')

/** Models of the reader's own, what can be saved, and what this machine does not give. */
export const own: typeof import('../en/own').own = {
  folder: {
    open: 'Einen Ordner öffnen',
    entry: 'Ein Ordner dieses Rechners',
    hint: 'Oder zieh ihn irgendwo auf diese Seite. Nichts wird hochgeladen: Die Dateien werden hier gelesen, wie der Browser das auch nennt.',
  },
  drop: {
    title: 'Lass das Modell hier los',
    text: 'Seinen Ordner oder seine Dateien: config.json, model.safetensors, tokenizer.json.',
  },
  none: {
    title: 'Darin ist kein Modell',
    text: 'Ein Modell ist ein Ordner mit config.json, model.safetensors und tokenizer.json, wie bei Hugging Face. Zieh diesen Ordner oder seine Dateien hierher.',
  },
  unreadable: {
    title: 'Er lässt sich nicht lesen',
    text: (message) =>
      `Der Browser sagt: ${message}. Öffne den Ordner stattdessen mit dem Knopf, oder gib diesem Benutzer das Recht, ihn zu lesen.`,
  },
  close: 'Schließen',
  missing: {
    title: (name) => `${plain(name)} muss noch einmal geöffnet werden`,
    text: 'Die Adresse nennt einen Ordner des Rechners, von dem sie kommt, und beim Neuladen vergisst eine Seite ihre Ordner. Öffne ihn noch einmal, und die Ansicht ist wie zuvor.',
    other: (name) => `Stattdessen ${name} nehmen`,
  },
  threads: (threads, cores, isIsolated) => {
    if (threads > 1) return `Rechnet auf ${threads} Threads.`
    if (cores <= 1) return 'Rechnet auf einem Thread.'
    return isIsolated
      ? `Rechnet auf einem von ${cores} Threads: Der Browser startet für diese Seite keine weiteren. Die Zahlen sind Bit für Bit dieselben; vielleicht verhindert es eine Erweiterung oder eine Richtlinie, die Worker sperrt.`
      : `Rechnet auf einem von ${cores} Threads: Die Seite ist nicht isoliert, mehr gibt ihr der Browser nicht. Die Zahlen sind Bit für Bit dieselben. heed studio liefert sie isoliert; ein anderer Server muss Cross-Origin-Opener-Policy: same-origin und Cross-Origin-Embedder-Policy: require-corp senden.`
  },
  hub: { entry: 'Vom Hugging Face Hub' },
  coming: {
    title: (name, isOfHub) => (isOfHub ? `Lädt ${name} vom Hugging Face Hub` : `Öffnet ${plain(name)}`),
    text: (stage, done, total) =>
      stage === 'download'
        ? `${megabytes(done)} von ${megabytes(total)} sind da`
        : `${megabytes(done)} von ${megabytes(total)} sind in der Engine`,
    kept: 'Der Browser behält sie: Beim nächsten Mal wird nur nach der Liste der Dateien gefragt.',
    asks: 'Fragt, welche Dateien es gibt.',
    cancel: 'Abbrechen',
  },
  share: {
    copied: 'Die Adresse ist in der Zwischenablage: Sie enthält die ganze Ansicht.',
    copiedFolder:
      'Die Adresse ist in der Zwischenablage. Sie enthält die Ansicht, aber nicht das Modell: Wer sie öffnet, wird nach dessen Ordner gefragt.',
    pictures: 'Bilder',
    numbers: 'Zahlen',
    as: (name, kind) => (name.includes('SVG') ? name.replace('SVG', kind) : `${name}: ${kind}`),
    whole: 'Alle Köpfe als Seite zum Erkunden speichern (HTML)',
    failed: (message) => `Das ließ sich nicht speichern: ${message}.`,
    making: 'Wird gemacht …',
    page: {
      made: 'Gemacht von heed. Die Datei braucht sonst nichts und holt nichts über das Netz.',
      view: 'Diese Ansicht im Studio öffnen',
    },
  },
  storage: {
    text: 'Dieser Browser speichert für diese Seite gerade nichts: Der Speicher ist voll oder gesperrt. Was du hier tust, bleibt, bis du die Seite schließt. Schaffe in den Einstellungen des Browsers Platz, oder speichere deine Arbeit über das Menü oben.',
  },
  word: (letters, most) =>
    `Das sind ${count(letters)} Buchstaben, und ein Wort hat hier höchstens ${most}. Für Texte gibt es die Seiten Köpfe und Lange Texte.`,
  long: (tokens) => `Alle ${count(tokens)} unter Lange Texte ansehen`,
  tooLong: (limit) => `Abgeschnitten wurde nichts. Lies die ersten ${limit} oder einen kürzeren Text.`,
}
