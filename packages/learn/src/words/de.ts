import { given } from '../questions.js'
import { numbersIn } from './numbers.js'
import type { Words } from './types.js'

const { fixed, weight, short, percent, count, tiny, vector, list } = numbersIn('de')
const { sentence, score, cosine, scaling, shift, mix, scale } = given
const { asks: word, answers: by } = sentence
const firstPair = given.opposites[0]
const secondPair = given.opposites[1]
const inHead = (n: number) => `heed-describe, layers.0.self, Kopf ${n}`
const side = (step: number) => (step < 0 ? 'links' : 'rechts')

export const de: Words = {
  language: 'de',
  name: 'Deutsch',
  topics: {
    embeddings: 'Embeddings',
    'vector spaces': 'Vektorräume',
    metrics: 'Metriken',
    'queries, keys, values': 'Queries, Keys, Values',
    projections: 'Projektionen',
    training: 'Training',
    formula: 'die Formel',
    scaling: 'Skalierung',
    softmax: 'Softmax',
    'weighted sum': 'gewichtete Summe',
  },
  kinds: {
    choice: 'eine Antwort',
    number: 'eine Zahl',
    mask: 'bauen: eine Maske',
    scale: 'bauen: eine Skala',
    heads: 'bauen: eine Auswahl von Köpfen',
  },
  questions: {
    bank: {
      ask: `*${given.bank.sentences[0]}* *${given.bank.sentences[1]}* Der Übersetzer schlägt *bank* in seiner Embedding-Tabelle nach, einmal für jeden Satz. Bevor etwas dazu addiert wird: Wie unterscheiden sich die beiden Vektoren?`,
      options: {
        meaning: {
          says: 'Sie zeigen in verschiedene Richtungen: einer zu *river*, einer zu *money*.',
          why: 'Das machen erst die Schichten daraus. Die Tabelle wird befragt, bevor ein anderes Wort angesehen wird: Sie kennt das Token, nicht seinen Satz.',
        },
        place: {
          says: 'Ein wenig: Jeder sagt auch, an welcher Stelle im Satz das Wort steht.',
          why: 'Die Position ist ein eigener Vektor, der nach dem Nachschlagen addiert wird. Die Tabelle hat eine Zeile je Token, nicht eine je Token und Stelle.',
        },
        same: {
          says: 'Gar nicht.',
          why: 'Ein Token, eine Zeile. Was die beiden unterscheidet, sind die Wörter um sie herum, und das von dort zu holen ist die Aufgabe der Attention.',
        },
        senses: {
          says: 'Die Tabelle hat für jede Bedeutung von *bank* eine Zeile, und das Modell nimmt die passende.',
          why: 'Von Bedeutungen weiß die Tabelle nichts: Ihre Zeilen sind Token, und beide Sätze haben dasselbe. Welche Bedeutung gemeint ist, sagen nur die Nachbarn.',
        },
      },
      proof: ({ ids, apart, rows, vocabulary, behind }) =>
        `Nachgeschlagen in heed-en-de: *bank* ist ${ids === 1 ? 'ein und dasselbe Token' : `${ids} Token`}, und der Abstand der beiden Vektoren ist ${short(apart)}. Die Tabelle hat ${count(rows)} Zeilen für ${count(vocabulary)} Token. Hinter der letzten Schicht, die Englisch liest, sind die beiden nicht mehr gleich: Ihr Kosinus ist ${fixed(behind)}.`,
    },
    opposites: {
      ask: `*${firstPair[0]}* und *${firstPair[1]}*, *${secondPair[0]}* und *${secondPair[1]}*: Wo liegen die Embeddings von Gegensätzen, im Mittel, in der Tabelle eines Übersetzers?`,
      options: {
        opposite: {
          says: 'In entgegengesetzten Richtungen: Ihr Kosinus liegt bei −1.',
          why: 'Gegensätzlich in der Bedeutung heißt nicht gegensätzlich im Raum. Embeddings entstehen aus dem Gebrauch, und Gegensätze gebraucht man gleich: *the soup is hot*, *the soup is cold*.',
        },
        nearer: {
          says: 'Einander näher als den Wörtern anderer Paare.',
          why: 'Was an denselben Stellen von Sätzen steht, bekommt ähnliche Vektoren. Nah heißt ähnlich gebraucht, nicht gleichbedeutend.',
        },
        unrelated: {
          says: 'So weit auseinander wie irgend zwei solche Wörter: Sie haben nichts gemein.',
          why: 'Sie haben viel gemein: Jedes passt in fast jeden Satz des anderen, viel besser als *rich* an die Stelle von *cold*. Das bringt Vektoren zusammen.',
        },
        one: {
          says: 'Fast im selben Punkt, denn jedes passt in die Sätze des anderen.',
          why: 'Sie passen in dieselben Sätze, aber der Übersetzer muss für das eine *heiß* und für das andere *kalt* schreiben. So weit hält das Training sie auseinander.',
        },
      },
      proof: ({ pairs, mean, others }) =>
        `${pairs} Paare von Gegensätzen, vorher festgelegt, in der Tabelle von heed-en-de: Ihr Kosinus ist im Mittel ${fixed(mean)}. Ein Wort eines Paars mit einem Wort eines anderen: ${fixed(others)}. Als näher zählt, was 0,05 über den anderen und unter 0,95 liegt.`,
    },
    space: {
      ask: 'Was davon ist ein Vektorraum, sodass Summen und Vielfache seiner Elemente wieder Elemente sind?',
      options: {
        table: {
          says: 'Die Zeilen einer Embedding-Tabelle.',
          why: 'Die Zeilen liegen in einem Vektorraum, sind darin aber nur endlich viele Punkte: Eine Summe zweier Zeilen ist kaum je eine Zeile. Darum fragt man nach der nächsten.',
        },
        unit: {
          says: 'Alle Vektoren der Länge 1, wie Embeddings, die alle gleich lang gemacht wurden.',
          why: 'Das Doppelte eines solchen Vektors hat Länge 2 und liegt also außerhalb; auch (0, 0) fehlt. Die Richtungen bleiben, aber addieren kann man nicht mehr.',
        },
        positive: {
          says: 'Alle Vektoren ohne negative Komponente.',
          why: 'Summen bleiben darin, das −1-Fache eines Vektors aber nicht: In einem Vektorraum hat jedes Element sein Gegenstück.',
        },
        line: {
          says: 'Alle Vielfachen von (2; 1).',
          why: 'Eine Gerade durch null. Summen und Vielfache bleiben auf ihr, null und jedes Gegenstück sind da: Ein Raum muss nicht die Ebene füllen.',
        },
      },
      proof: ({ toRow, words, length, smallest, tried, off }) =>
        `In der Tabelle von heed-describe liegt *${words[0]}* + *${words[1]}* um ${fixed(toRow)} neben der nächsten Zeile. (1; 0) + (0; 1) hat die Länge ${fixed(length)}. −1 · (1; 2) hat eine Komponente ${fixed(smallest, 0)}. ${count(tried)} Summen und Vielfache von Vektoren der Geraden, mit zufälligen Faktoren, verließen sie um ${off === 0 ? '0' : `weniger als ${tiny(off)}, was Rundung ist`}.`,
    },
    cosine: {
      ask: `a = ${vector(cosine.a)} und b = ${vector(cosine.b)}. Wie groß ist ihre Kosinus-Ähnlichkeit?`,
      right: 'b ist 10 · a: dieselbe Richtung. Der Kosinus teilt beide Längen heraus, und übrig bleibt 1.',
      slips: {
        product: 'Das ist das Skalarprodukt. Der Kosinus teilt es durch beide Längen, 5 und 50.',
        distance:
          'Das ist der euklidische Abstand, der sieht, dass b zehnmal so lang ist. Der Kosinus sieht nur Richtungen.',
        ratio: 'So lang ist a neben b. Auf Längen achtet der Kosinus nicht.',
        none: '0 wäre ein rechter Winkel. Der Kosinus ist eine Ähnlichkeit, kein Abstand: Bei gleicher Richtung ist er am größten.',
      },
      other:
        'Nimm das Skalarprodukt, 3 · 30 + 4 · 40, und teile es durch beide Längen, √(9 + 16) und √(900 + 1600).',
      proof: ({ cosine, product, distance, lengths: [a, b] }) =>
        `a·b = ${short(product)}, die Längen sind ${short(a)} und ${short(b)}: ${short(product)} / (${short(a)} · ${short(b)}) = ${short(cosine)}. Der Abstand ist trotzdem ${short(distance)}.`,
    },
    roles: {
      ask: `*${sentence.text}* In einem Kopf gibt *${sentence.asks}* fast seine ganze Attention an *${sentence.answers}*. Was folgt daraus für die Attention, die *${sentence.answers}* an *${sentence.asks}* gibt?`,
      options: {
        same: {
          says: 'Sie ist gleich groß: Der Score zweier Wörter ist in beiden Richtungen derselbe.',
          why: 'So wäre es mit x·y. Hier bringt das eine Wort seine Query mit und das andere seinen Key, und dort tauschen sie die Rollen: zwei verschiedene Produkte.',
        },
        rest: {
          says: 'Sie ist das, was übrig ist: Die beiden Gewichte ergeben zusammen 1.',
          why: 'Gewichte ergeben 1 entlang einer Zeile, über alles, was ein Wort gibt. Was ein anderes Wort gibt, ist eine eigene Zeile.',
        },
        nothing: {
          says: 'Nichts: Es kann jedes Gewicht sein.',
          why: 'Dort kommt die Query vom einen Wort und der Key vom anderen: ein anderes Produkt, eine andere Zeile, irgendein Gewicht.',
        },
        zero: {
          says: 'Sie ist null: Attention geht vom fragenden Wort zum antwortenden, nicht zurück.',
          why: 'Jedes Wort fragt, und jedes antwortet, alle zugleich. Und Softmax gibt jedem Wort, das gesehen werden darf, ein Gewicht, wenn auch ein kleines.',
        },
      },
      proof: ({ head, asks, answers, labels, asking, answering, asymmetry, off, scores }) =>
        `${inHead(head)}, der Kopf mit dem größten solchen Gewicht: ${labels[asks]} → ${labels[answers]} ${weight(asking[answers])} (Score ${fixed(scores[0])}), ${labels[answers]} → ${labels[asks]} ${weight(answering[asks])} (Score ${fixed(scores[1])}). Über alle Paare des Satzes unterscheiden sich die Richtungen um bis zu ${fixed(asymmetry)}, und ihre Summe liegt bis zu ${fixed(off)} neben 1.`,
    },
    projections: {
      ask: 'Lass W_Q und W_K weg: Der Vektor x jedes Wortes, auf Länge 1 gebracht, ist seine Query und sein Key zugleich. Welches Wort bekommt in einer Zeile das größte Gewicht?',
      options: {
        similar: {
          says: 'Ein anderes: das Wort mit dem ähnlichsten Vektor.',
          why: 'Nichts ist x so ähnlich wie x: x·x ist 1, und mit jedem anderen Vektor der Länge 1 ist das Produkt kleiner.',
        },
        training: {
          says: 'Das, welches das Training als nützlich erkannt hat.',
          why: 'Das Training kann die Vektoren verschieben, aber bei Länge 1 schlägt keiner x·x = 1. Erst Matrizen lassen ein Wort von sich selbst wegsehen.',
        },
        one: {
          says: 'In jeder Zeile dasselbe: das wichtigste Wort.',
          why: 'Um in allen Zeilen zu gewinnen, bräuchte ein Wort einen längeren Vektor oder ein W_K, das es hebt. Bei Länge 1 hat jede Zeile ihren eigenen Sieger.',
        },
        itself: {
          says: 'Das Wort selbst.',
          why: 'x·x = 1 schlägt jedes x·y. Durch zwei verschiedene Matrizen kann ein Wort nach etwas fragen, das es nicht ist: Dafür sind W_Q und W_K da.',
        },
      },
      proof: ({ own, learned, labels, texts, random, head }) =>
        `Mit den Vektoren, die heed-describe für die ${labels.length} Token von *${sentence.text}* hat, sehen ${own} von ${labels.length} Zeilen am meisten auf sich selbst; in ${count(texts)} Texten aus zufälligen Vektoren ${percent(random)} der Zeilen. Durch W_Q und W_K von Kopf ${head}: ${learned} von ${labels.length}.`,
    },
    training: {
      ask: `*${sentence.text}* Mit diesem Satz wurde heed-describe nicht trainiert, und doch sieht in ihm *${sentence.asks}* auf *${sentence.answers}*. Wo im trainierten Modell steckt das?`,
      options: {
        matrices: {
          says: 'In W_Q und W_K, aus denen die Gewichte bei jedem Satz berechnet werden.',
          why: 'Der Gradientenabstieg hat die Matrizen geändert. Queries, Keys und Gewichte folgen daraus, auch für Sätze, die noch niemand geschrieben hat.',
        },
        map: {
          says: 'In einer Tabelle von Attention-Gewichten, eines für jedes Paar von Wörtern.',
          why: 'Eine Karte gehört zu einem Satz und ist danach fort. So viele Zahlen, wie es Paare von Wörtern gibt, hat das Modell bei Weitem nicht.',
        },
        vectors: {
          says: 'In einer Query und einem Key für jedes Wort, nachgeschlagen wie Embeddings.',
          why: 'Nachgeschlagen wird x. Die Query x W_Q wird berechnet, und x kennt auch die Stelle des Wortes: In einem anderen Satz hat dasselbe Wort eine andere Query.',
        },
        place: {
          says: 'In den Stellen: Es hat gelernt, drei Wörter nach rechts zu sehen.',
          why: `Dann verfehlte es das Adjektiv überall sonst. In *${given.other}* sieht derselbe Kopf ein Wort nach links.`,
        },
      },
      proof: ({ head, parameters, pairs, trained, random, draws, apart, steps }) =>
        `${inHead(head)}: Das Gewicht ist ${weight(trained)} mit W_Q und W_K, wie sie trainiert sind, und ${weight(random)} im Mittel über ${draws} zufällige Paare von Matrizen gleicher Streuung. Das Modell hat im Ganzen ${count(parameters)} Zahlen, bei ${count(pairs)} Paaren von Wörtern. Die Query von *${sentence.asks}* in *${given.other}* ist um ${percent(apart)} ihrer Länge von dieser entfernt, und dort sieht der Kopf ${Math.abs(steps[1])} nach ${side(steps[1])}, nicht ${Math.abs(steps[0])} nach ${side(steps[0])}.`,
    },
    score: {
      ask: `q = ${vector(score.q)} und k = ${vector(score.k)}. Wie groß ist der skalierte Score, q·k / √d_k?`,
      right: 'q·k = 2 · 1 + 1 · 3 + 0 · 2 + 1 · (−1) = 4, und √d_k = √4 = 2.',
      slips: {
        unscaled:
          'Das ist q·k. Es ist noch durch √d_k zu teilen; d_k ist die Zahl der Komponenten von q und k.',
        size: 'Du hast durch d_k geteilt. Wie weit Produkte streuen, wächst mit √d_k; darum wird durch die Wurzel geteilt.',
        times:
          'Du hast mit √d_k malgenommen. Teilen macht Scores langer Vektoren mit denen kurzer vergleichbar.',
        cosine:
          'Das ist der Kosinus. Attention teilt nicht durch die Längen von q und k: Ein langer Key spricht lauter, und darf das.',
      },
      other: 'Komponente mal Komponente, alles addieren, dann durch √4 teilen: Es sind vier Komponenten.',
      proof: ({ product, size, score }) =>
        `attentionScores von heed gibt ${short(product)} mit der Skala 1 und ${short(score)} mit der eigenen, 1/√${size}.`,
    },
    scaling: {
      ask: `Queries und Keys aus je ${scaling.size} zufälligen Zahlen mit Mittel 0 und Varianz 1; 64 Keys; die Division durch √${scaling.size} bleibt weg. Wie groß ist im Mittel das größte Gewicht einer Zeile?`,
      options: {
        flat: {
          says: 'Etwa 0,02: Bei Zufallszahlen wird kein Key bevorzugt, also bekommt jeder 1/64.',
          why: 'Im Mittel über viele Zeilen wird keiner bevorzugt. Aber in jeder Zeile ist irgendein Score der größte, und Softmax macht aus einem Vorsprung einen Anteil.',
        },
        some: {
          says: 'Etwa 0,1: ein wenig mehr als sein Anteil.',
          why: 'Das kommt mit der Division heraus. Ohne sie streuen die Scores um √512 ≈ 23 statt um 1.',
        },
        half: {
          says: 'Etwa 0,5: Der beste nimmt die Hälfte.',
          why: 'Dafür dürfte der beste nur so stark sein wie alle anderen zusammen. Bei Scores, die um 23 streuen, liegt er meist viel weiter vorn, und e hoch 8 ist 3000.',
        },
        all: {
          says: 'Mehr als 0,9: Fast alles geht an einen Key.',
          why: 'Die Summe von 512 zufälligen Produkten streut um √512 ≈ 23. Softmax solcher Scores ist fast die Wahl eines einzigen, durch Zufall, und lässt weniger Gradienten durch, der das ändern könnte.',
        },
      },
      proof: ({ queries, keys, draws, spread, peak, scaled, gradient }) =>
        `Mit heed gemessen in ${draws} Ziehungen von ${queries} Queries und ${keys} Keys: Die Scores streuen um ${fixed(spread, 1)}, und das größte Gewicht ist ${fixed(peak)}. Mit der Division ist es ${fixed(scaled)}, und bei den Scores kommt ${fixed(gradient, 1)}-mal so viel Gradient an.`,
    },
    shift: {
      ask: `Die Scores einer Zeile sind ${list(shift.scores.map(String))}. Addiere ${shift.by} zu jedem. Was wird nach der Formel aus den Gewichten?`,
      options: {
        sharper: {
          says: 'Fast alles geht an den größten: e hoch 103 ist riesig.',
          why: 'Das sind e hoch 102 und e hoch 101 auch, und ein Gewicht ist ihr Verhältnis. Ein Faktor würde die Abstände strecken; Addieren lässt sie, wie sie sind.',
        },
        flatter: {
          says: 'Sie werden fast gleich: 101, 102 und 103 sind fast dasselbe.',
          why: 'Softmax sieht Differenzen, nicht Verhältnisse von Scores: Ein Vorsprung von 1 ist ein Faktor e, wo immer er steht.',
        },
        same: {
          says: 'Sie bleiben, wie sie sind.',
          why: 'e hoch (s + 100) ist e hoch s, mal e hoch 100: Dieser Faktor steht über und unter dem Bruchstrich. Was zu allen addiert wird, kürzt sich; was alle malnimmt, nicht.',
        },
        broken: {
          says: 'Nichts Brauchbares: e hoch 103 ist zu groß für die Zahlen, mit denen Modelle rechnen.',
          why: 'Das ist es. Darum zieht jedes Programm zuerst den größten Score der Zeile ab, und darf das, weil es kein Gewicht ändert.',
        },
      },
      proof: ({ before, after, overflows }) =>
        `softmax von heed, vorher: ${list(before.map((w) => weight(w)))}; nachher: ${list(after.map((w) => weight(w)))}.${overflows ? ' e hoch 103 allein läge jenseits der größten Zahl von 32 Bit, wie Modelle sie nehmen.' : ''}`,
    },
    masked: {
      ask: 'Eine Maske gibt dem Wort, auf das eine Zeile am meisten sieht, den Score −∞. Was wird aus den anderen Gewichten der Zeile?',
      options: {
        stay: {
          says: 'Sie bleiben, wie sie sind, sodass die Zeile weniger als 1 ergibt.',
          why: 'So wäre es, wenn Gewichte hinter dem Softmax gestrichen würden. Eine Maske setzt −∞ unter die Scores, davor: Auch die Summe unter dem Bruchstrich wird kleiner.',
        },
        even: {
          says: 'Was frei wird, wird gleichmäßig unter ihnen verteilt.',
          why: 'Alle wachsen um denselben Faktor, nicht um denselben Betrag: Wer mehr hatte, bekommt mehr.',
        },
        next: {
          says: 'Das zweitstärkste nimmt alles, was frei wird.',
          why: 'Es bekommt das meiste davon, aber Softmax ist kein Wettkampf mit einem Sieger: Jedes Wort, das gesehen werden darf, wächst mit.',
        },
        grow: {
          says: 'Alle wachsen um denselben Faktor, und die Zeile ergibt 1.',
          why: 'Die übrigen Exponentialwerte bleiben, wie sie sind; nur die Summe, durch die geteilt wird, ist kleiner, und zwar für alle gleich.',
        },
      },
      proof: ({ head, labels, asks, answers, taken, factors, sum }) =>
        `${inHead(head)}, die Zeile von *${labels[asks]}*: *${labels[answers]}* hatte ${taken > 0.9995 ? fixed(taken, 4) : weight(taken)}. Ist es verboten, wachsen alle anderen um ${factors[1] / factors[0] < 1.001 ? `den Faktor ${count(Math.round(factors[0]))}` : `Faktoren von ${fixed(factors[0])} bis ${fixed(factors[1])}`}, und die Zeile ergibt ${fixed(sum, 3)}.`,
    },
    mix: {
      ask: `Eine Zeile hat zwei Keys. Ihre Scores, bereit für Softmax, sind 0 und ln 3 ≈ 1,0986 (e hoch ln 3 ist 3). Ihre Values sind die Zahlen ${mix.values[0]} und ${mix.values[1]}. Was gibt die Zeile aus?`,
      right: 'e hoch 0 ist 1, und e hoch ln 3 ist 3: Die Gewichte sind 1/4 und 3/4. 8/4 + 3 · 4/4 = 2 + 3.',
      slips: {
        mean: 'Das ist das Mittel, als wären beide Scores gleich. Der zweite Key hat dreimal das Gewicht des ersten.',
        strongest: 'Das ist der Value des stärkeren Keys allein. Softmax lässt dem anderen ein Viertel.',
        raw: 'Du hast mit den Scores gewichtet. Sie gehen zuerst durch Softmax, damit die Gewichte Anteile von 1 sind.',
        sum: 'Das ist die Summe der Values. Gewichte ergeben 1, also liegt das Ergebnis zwischen den Values.',
        swapped:
          'Du hast dem kleineren Score das größere Gewicht gegeben. Größere Scores bekommen größere Gewichte.',
      },
      other:
        'Zuerst die Gewichte: e hoch jeden Score, geteilt durch die Summe beider. Dann jeder Value mal sein Gewicht, addiert.',
      proof: ({ weights, values, out }) =>
        `softmax von heed gibt ${weights.map((w) => weight(w)).join(' und ')}, und weightedSum ${weights.map((w, j) => `${fixed(w)} · ${short(values[j])}`).join(' + ')} = ${fixed(out)}.`,
    },
    mask: {
      ask: 'Baue die Maske eines Sprachmodells: Bei jedem Wort darf es dieses und alle davor benutzen, und nichts, was danach kommt.',
      how: {
        page: 'Zeilen fragen, Spalten antworten. Klicke auf eine Zelle oder drücke auf ihr die Eingabetaste, um diese Verbindung zu verbieten oder wieder zu erlauben.',
        terminal:
          'Nenne die Verbindungen, die verboten sind, als Query>Key, von 1 an gezählt: 3>1 4>2. Ein - verbietet keine.',
      },
      conditions: {
        later: {
          says: 'Ausgaben, die sich mit einem späteren Wort ändern: keine',
          value: ({ leaks }) => String(leaks),
        },
        earlier: {
          says: 'Ausgaben, die ihr eigenes oder ein früheres Wort nicht beachten: keine',
          value: ({ misses }) => String(misses),
        },
      },
      right:
        'Jedes Wort sieht sich selbst und was vor ihm steht. So lernt ein Sprachmodell an jeder Stelle zugleich, das nächste Wort vorherzusagen: Die Lösung ist nie zu sehen.',
      slips: {
        open: 'Etwas von dem, was später kommt, dringt noch durch: Im Training könnte das Modell die Lösung ablesen, statt sie vorherzusagen.',
        turned:
          'Manche Wörter sehen, was später kommt, und manche nicht, was früher kam. Eine Zeile ist ein Wort, das fragt: In Zeile 2 steht, was das zweite Wort sehen darf.',
        closed:
          'Nichts Späteres dringt durch. Aber manchen Wörtern fehlt, was sie benutzen dürfen: Wörter vor ihnen, oder sie selbst.',
      },
      proof: ({ leaks, misses }) =>
        `Die Attention lief mit dieser Maske, und noch einmal mit jedem Wort, eines nach dem anderen, geändert: ${leaks} Ausgaben änderten sich mit einem späteren Wort, ${misses} änderten sich nicht mit dem eigenen oder einem früheren.`,
    },
    scale: {
      ask: `Queries und Keys haben ${scale.size} zufällige Komponenten mit Varianz 1. Teile die Scores durch eine Zahl, sodass ihre Varianz 1 wird, auf ein Zehntel genau.`,
      how: {
        page: 'Bewege den Regler, oder tippe eine Zahl. Geprüft wird durch Ausführen.',
        terminal: 'Tippe die Zahl, durch die geteilt wird.',
      },
      conditions: {
        variance: {
          says: 'Varianz der Scores: von 0,9 bis 1,1',
          value: ({ variance }) => short(variance),
        },
      },
      right:
        'Die Varianz von q·k ist d_k, eine 1 für jede Komponente. Teilen durch √d_k teilt die Varianz durch d_k: Darum steht in der Formel die Wurzel.',
      slips: {
        none: 'Ungeteilt ist die Varianz etwa d_k: Jede Komponente trägt 1 dazu bei.',
        size: 'Du hast durch d_k geteilt. Scores durch c zu teilen teilt ihre Varianz durch c²: Jetzt ist sie 1/256, und Softmax fast flach.',
        small:
          'Noch zu breit. Scores durch c zu teilen teilt ihre Varianz durch c²: Welches c macht aus 256 eine 1?',
        large:
          'Jetzt zu schmal: Softmax wird flacher, als es soll. Durch c zu teilen teilt die Varianz durch c².',
      },
      proof: ({ divisor, variance, peak, scores, keys }) =>
        `${count(scores)} Scores zufälliger Queries und Keys, geteilt durch ${short(divisor)}: Ihre Varianz ist ${short(variance)}, und das größte von ${keys} Gewichten ist im Mittel ${fixed(peak)}.`,
    },
    heads: {
      ask: `*${sentence.text}* heed-describe, eine Schicht mit vier Köpfen, sagt, welches Wort welches beschreibt: *${word}* ist *${by}*. Nimm Köpfe heraus, sodass höchstens zwei übrig sind und es das noch immer sagt, und sonst nichts. Probiere: Was du behältst, wird ausgeführt.`,
      how: {
        page: 'Wähle die Köpfe, die bleiben: Die Ausgabe aller anderen wird null. Geprüft wird, indem das Modell läuft.',
        terminal: 'Nenne die Köpfe, die bleiben, etwa 1 3; ein - behält keinen.',
      },
      conditions: {
        answer: {
          says: `das Modell sagt ${word}: ${by}, und sonst nichts`,
          value: ({ said }) => (said.length === 0 ? 'nichts' : said.join(', ')),
        },
        few: { says: 'Köpfe, die bleiben: höchstens zwei', value: ({ kept }) => String(kept.length) },
      },
      right:
        'Ein Kopf trägt die Verbindung, ein zweiter gibt den Ausschlag. Eine Zeile von Gewichten sagt, wohin ein Kopf sieht; was das Modell daraus macht, zeigt sich erst, wenn man Köpfe herausnimmt.',
      slips: {
        many: 'Es sagt das noch, aber mehr als zwei Köpfe sind übrig: Auf einen davon kann es verzichten.',
        without: `Keiner dieser Köpfe gibt das meiste der Zeile von *${word}* an *${by}*, also kommt das Wort dort nicht an: Sieh dir die Zeilen noch einmal an.`,
        alone:
          'Die Verbindung ist da, aber ihr Gewicht allein entscheidet nicht: Was dieser Kopf bringt, ist zu wenig gegen „nichts beschreibt es“. Es braucht einen zweiten daneben.',
      },
      proof: ({ kept, said, probability, links }) =>
        `Gelaufen mit ${kept.length === 0 ? 'keinem Kopf' : kept.length === 1 ? `Kopf ${kept[0]}` : `den Köpfen ${list(kept.map(String))}`}: ${said.length === 0 ? 'Das Modell sagt nichts' : `Das Modell sagt ${said.join(', ')}`}${probability > 0 ? ` (Wahrscheinlichkeit ${fixed(probability)})` : ''}. Von ihren Zeilen von *${word}* geben die vier Köpfe *${by}* ${list(links.map((link) => weight(link)))}.`,
    },
  },
  rows: {
    asks: (of) => of,
    before: () => 'vorher',
    after: () => 'nachher',
    own: () => 'x selbst',
    learned: () => 'W gelernt',
    random: () => 'W zufällig',
    shares: () => 'Gewichte',
    head: (n) => `Kopf ${n}`,
  },
  quoted: (word) => `„${word}“`,
  quiz: {
    title: 'Fünfzehn Fragen zur Attention',
    about:
      'Etwa 23 Minuten. Jede Antwort wird erklärt und bewiesen, indem sie hier und jetzt berechnet wird. Was daneben geht, kommt wieder.',
    question: (n, of) => `Frage ${n} von ${of}`,
    minutes: (n) => `etwa ${n} min`,
    right: 'Richtig.',
    wrong: 'So nicht.',
    notYet: 'Noch nicht.',
    comesBack: 'Sie kommt am Ende wieder.',
    again: 'Sie ging schon einmal daneben.',
    proof: 'Beweis, eben berechnet',
    took: (ms) => (ms < 1 ? 'unter 1 ms' : `${count(Math.round(ms))} ms`),
    answerWas: 'Richtig ist:',
    score: (right, answered) => `${right} von ${answered} beim ersten Mal richtig`,
    done: (right, total) => `Fertig: ${right} von ${total} beim ersten Mal richtig.`,
    missed: (n) => (n === 1 ? '1 Frage ging daneben' : `${n} Fragen gingen daneben`),
    nothingMissed: 'Nichts ging daneben.',
    states: { open: 'offen', right: 'richtig', later: 'zuletzt richtig', missed: 'daneben' },
  },
  terminal: {
    hints: {
      choice: '1 bis 4',
      number: 'eine Zahl',
      mask: 'Verbindungen',
      scale: 'eine Zahl',
      heads: 'Köpfe',
    },
    others: '? zeigt die Antwort, q verlässt das Quiz; was beantwortet ist, bleibt.',
    noAnswer: (typed) => (typed === '' ? 'Tippe eine Antwort' : `„${typed}“ ist hier keine Antwort`),
    left: (answered, total) => `${answered} von ${total} beantwortet; heed quiz macht hier weiter.`,
    after: 'heed quiz --restart beginnt von vorn, gemischt.',
    review: 'heed quiz --review fragt, was daneben ging.',
    columns: ['#', 'Frage', 'Themen', 'Art', 'min', 'Stand'],
    see: 'Zu sehen mit:',
    legend: 'Gewichte von 0 bis 1; geschrieben sind die von .10 an.',
  },
  page: {
    check: 'Prüfen',
    computing: 'Rechnet …',
    fetching: (done, total) => `Holt das Modell: ${fixed(done / 1e6, 1)} von ${fixed(total / 1e6, 1)} MB`,
    next: 'Weiter',
    finish: 'Zum Ergebnis',
    showMe: 'Zeig es mir',
    done: 'Fertig',
    keys: 'Tasten 1 bis 4, dann Eingabe',
    yours: 'Deine Antwort',
    beginAnew: 'Von vorn, gemischt',
    askMissed: 'Fragen, was daneben ging',
    questions: 'Fragen',
    language: 'Sprache',
    number: 'Eine Zahl',
    divideBy: 'Teilen durch',
    largest: (of) => `größtes von ${of} Gewichten, im Mittel`,
    forbidden: (n) => (n === 1 ? '1 Verbindung verboten' : `${n} Verbindungen verboten`),
    seeIt: 'Schritt für Schritt ansehen',
    weight: 'Gewicht',
    written: 'geschrieben ab .10',
    notYet: 'Noch nicht',
    left: (minutes) => `noch etwa ${minutes} min`,
    failed: 'Der Beweis kam nicht',
    kept: 'Dein Stand bleibt erhalten.',
    retry: 'Noch einmal',
    save: {
      rows: 'Die Zeilen als SVG speichern',
      facts: 'Den Beweis als JSON speichern',
      progress: 'Deinen Stand als JSON speichern',
    },
  },
}
