import { count, decimal } from './written'

export const app: typeof import('../en/app').app = {
  skip: 'Zum Inhalt',
  header: {
    pages: 'Seiten',
    language: 'Sprache',
    light: 'Helles Design',
    dark: 'Dunkles Design',
  },
  pages: {
    step: 'Schritt für Schritt',
    heads: 'Köpfe',
    write: 'Übersetzen',
    words: 'Wörter',
    long: 'Lange Texte',
    train: 'Training',
    learn: 'Lernen',
    quiz: 'Quiz',
  },
  again: 'Noch einmal',
  failed: 'Auf dieser Seite ging etwas schief',
  noCode: {
    title: 'Der Code dieser Seite kam nicht',
    text: 'Der Server antwortet nicht, oder er hat inzwischen eine andere Fassung. Wenn heed studio noch läuft, lade die Seite neu.',
    anew: 'Neu laden',
  },
  noPage: {
    title: 'Diese Seite gibt es nicht',
    text: (name) => `Die Adresse nennt „${name}“. Vielleicht stammt sie aus einer späteren Version von heed.`,
  },
  noModels: {
    title: 'Keine Modelle',
    text: (error) => `${error} Läuft heed studio noch?`,
    list: (why) => `Die Liste der Modelle kam nicht (${why}).`,
    status: (code) => `der Server antwortet ${code}`,
  },
  models: {
    label: 'Modelle',
    model: 'Modell:',
    none: 'Modell',
    size: (parameters) =>
      parameters >= 1e9
        ? `${decimal(parameters / 1e9)} Mrd.`
        : parameters >= 1e6
          ? `${decimal(parameters / 1e6)} Mio.`
          : `${count(Math.round(parameters / 1e3))} Tsd.`,
    hub: 'Ein Modell vom Hugging Face Hub: kommt einmal über das Netz',
    open: 'Öffnen',
  },
  share: {
    trigger: 'Diese Ansicht teilen oder speichern',
    label: 'Teilen oder speichern',
    copy: 'Die Adresse dieser Ansicht kopieren',
    noClipboard:
      'Der Browser gibt die Zwischenablage hier nicht frei: Kopiere die Adresse aus der Adresszeile.',
  },
  states: {
    empty: {
      title: 'Noch kein Satz',
      text: 'Attention braucht mindestens zwei Token. Tippe etwas, oder nimm diesen Satz.',
    },
    notOpened: (model) => `${model} ließ sich nicht öffnen`,
    notRead: 'Das Modell hat den Satz nicht gelesen',
    kept: (error) => `${error}. Dein Satz bleibt erhalten.`,
    tooLong: (tokens, limit, of) =>
      `${count(tokens)} Token; ${of === 'model' ? 'dieses Modell liest' : 'diese Seite zeigt'} ${limit}`,
    readFirst: (limit) => `Die ersten ${limit} lesen`,
  },
}
