export const tour: typeof import('../en/tour').tour = {
  start: 'Führung',
  label: 'Führung',
  back: 'Zurück',
  next: 'Weiter',
  close: 'Führung schließen',
  done: 'Fertig',
  place: (n, of) => `${n} von ${of}`,
  chunks: {
    welcome: ({ asks, answers, share }) => ({
      title: 'Eine Zahl, und woher sie kommt',
      text: `Um „${asks}“ zu lesen, gibt dieser Kopf ${share} seiner Attention an „${answers}“. Das Modell hat diesen Anteil gerade eben berechnet, auf dieser Seite. So kommt er zustande.`,
    }),
    vector: ({ asks, width }) => ({
      title: 'Ein Wort ist eine Liste von Zahlen',
      text: `Wo „${asks}“ steht, hat das Modell ${width} Zahlen. Sie ändern sich von Schicht zu Schicht; diese hier findet der Kopf vor.`,
    }),
    projections: ({ width, d }) => ({
      title: 'Dreimal anders gelesen',
      text: `Drei im Training gelernte Matrizen machen aus ${width} Zahlen je ${d}: eine Query (was gesucht wird), einen Key (was angeboten wird), einen Value (was weitergegeben wird).`,
    }),
    score: ({ asks, answers, d }) => ({
      title: 'Passt die Query zum Key?',
      text: `Die ${d} Zahlen der Query von „${asks}“ mal die des Keys von „${answers}“, zusammengezählt: ein Score. Zeig auf einen Balken, und du siehst sein Produkt.`,
    }),
    scaling: ({ d }) => ({
      title: 'Durch eine Wurzel geteilt',
      text: `Summen aus ${d} Produkten werden groß. Durch √${d} geteilt behalten sie ihre Größenordnung, wie lang Queries und Keys auch sind.`,
    }),
    unscaled: () => ({
      title: 'Und wenn niemand teilt?',
      text: 'Der Schalter unten ist jetzt aus. Vergleiche die beiden Reihen von Wörtern: Der größte Score nimmt sich mehr, oft fast alles. Gestrichelt ist, was vorher war.',
    }),
    softmax: ({ share, answers }) => ({
      title: 'Aus Scores werden Anteile',
      text: `e hoch jeden Score, geteilt durch die Summe aller: Jedes Gewicht liegt zwischen 0 und 1, und die Zeile ergibt 1. „${answers}“ bekommt ${share}.`,
    }),
    temperature: () => ({
      title: 'Flacher, mit Absicht',
      text: 'Alle Scores sind noch einmal durch 4 geteilt. Die Reihenfolge der Wörter bleibt, die Anteile rücken zusammen. Der Regler unter den Reihen nimmt jeden Wert.',
    }),
    mixing: ({ asks }) => ({
      title: 'Values, nach Gewicht gemischt',
      text: `Der Value jedes Wortes ist auf sein Gewicht gedimmt, und alle werden addiert. Die gewichtete Summe ist es, was „${asks}“ aus diesem Kopf mitnimmt.`,
    }),
    map: ({ tokens }) => ({
      title: 'Für jedes Wort dasselbe',
      text: `Jede Zeile ist ein Wort, das fragt: ${tokens} Zeilen, auf einmal berechnet. Deine ist eingerahmt. Klicke auf eine andere Zelle, um dorthin zu wechseln.`,
    }),
    mask: ({ isCausal }) =>
      isCausal
        ? {
            title: 'Und wenn es sähe, was kommt?',
            text: 'Dieses Modell darf nur zurücksehen: Es soll sagen, was als Nächstes kommt. Ohne diese Maske nehmen spätere Wörter ihren Anteil an jeder Zeile.',
          }
        : {
            title: 'Und wenn es nur zurücksehen darf?',
            text: 'Spätere Wörter sind jetzt verboten, und zwar vor dem Softmax; so ergibt jede Zeile weiterhin 1. Modelle, die schreiben, machen es immer so.',
          },
    end: ({ heads }) => ({
      title: 'Jetzt du',
      text: `Das war einer von ${heads} Köpfen. Ändere den Satz, nimm einen anderen Kopf, greif in einen Schritt ein: Alles wird neu berechnet, und die Adresse hält fest, was du siehst.`,
    }),
  },
}
