import { given } from '../questions.js'
import { numbersIn } from './numbers.js'
import type { Words } from './types.js'

const { fixed, weight, short, percent, count, tiny, vector, list } = numbersIn('en')
const { sentence, score, cosine, scaling, shift, mix, scale } = given
const { asks: word, answers: by } = sentence
const firstPair = given.opposites[0]
const secondPair = given.opposites[1]
const inHead = (n: number) => `heed-describe, layers.0.self, head ${n}`

export const en: Words = {
  language: 'en',
  name: 'English',
  topics: {
    embeddings: 'embeddings',
    'vector spaces': 'vector spaces',
    metrics: 'metrics',
    'queries, keys, values': 'queries, keys, values',
    projections: 'projections',
    training: 'training',
    formula: 'the formula',
    scaling: 'scaling',
    softmax: 'softmax',
    'weighted sum': 'the weighted sum',
  },
  kinds: {
    choice: 'one answer',
    number: 'a number',
    mask: 'build: a mask',
    scale: 'build: a scale',
    heads: 'build: a choice of heads',
  },
  questions: {
    bank: {
      ask: `*${given.bank.sentences[0]}* *${given.bank.sentences[1]}* The translator looks up *bank* in its embedding table, once for each sentence. Before anything is added to them: how do the two vectors differ?`,
      options: {
        meaning: {
          says: 'They point in different directions: one towards *river*, one towards *money*.',
          why: 'That is what the layers make of them. The table is asked before any other word is looked at: it knows the token, not its sentence.',
        },
        place: {
          says: 'A little: each also says where in the sentence the word stands.',
          why: 'The position is a vector of its own, added after the look-up. The table has one row for each token, not one for each token and place.',
        },
        same: {
          says: 'Not at all.',
          why: 'One token, one row. What tells the two apart are the words around them, and fetching that is what attention is for.',
        },
        senses: {
          says: 'The table has a row for each sense of *bank*, and the model takes the one that fits.',
          why: 'Nobody told the table about senses: its rows are tokens, and both sentences have the same one. Which sense is meant, only the neighbours can tell.',
        },
      },
      proof: ({ ids, apart, rows, vocabulary, behind }) =>
        `Looked up in heed-en-de: *bank* is ${ids === 1 ? 'one and the same token' : `${ids} tokens`}, and the distance of the two vectors is ${short(apart)}. The table has ${count(rows)} rows for ${count(vocabulary)} tokens. Behind the last layer that reads English the two are no longer one: their cosine is ${fixed(behind)}.`,
    },
    opposites: {
      ask: `*${firstPair[0]}* and *${firstPair[1]}*, *${secondPair[0]}* and *${secondPair[1]}*: where do the embeddings of opposites lie, on average, in a translator’s table?`,
      options: {
        opposite: {
          says: 'In opposite directions: their cosine is near −1.',
          why: 'Opposite in meaning is not opposite in space. Embeddings come from use, and opposites are used alike: *the soup is hot*, *the soup is cold*.',
        },
        nearer: {
          says: 'Nearer to each other than to the words of other pairs.',
          why: 'What stands in the same places of sentences gets similar vectors. Near means used alike, not meaning the same.',
        },
        unrelated: {
          says: 'As far apart as any two such words: they have nothing in common.',
          why: 'They have a lot in common: each fits nearly every sentence of the other, far better than *rich* fits where *cold* stands. That brings vectors together.',
        },
        one: {
          says: 'At nearly the same point, since each fits the other’s sentences.',
          why: 'They fit the same sentences, but the translator must write *heiß* for one and *kalt* for the other. Training keeps them as far apart as that needs.',
        },
      },
      proof: ({ pairs, mean, others }) =>
        `${pairs} pairs of opposites, fixed beforehand, in the table of heed-en-de: their mean cosine is ${fixed(mean)}. A word of one pair with a word of another: ${fixed(others)}. Counted as nearer: 0.05 above the others, and below 0.95.`,
    },
    space: {
      ask: 'Which of these is a vector space, so that sums and multiples of its members are members too?',
      options: {
        table: {
          says: 'The rows of an embedding table.',
          why: 'The rows lie in a vector space, but they are a finite number of points in it: a sum of two rows is hardly ever a row. That is why one asks for the nearest.',
        },
        unit: {
          says: 'All vectors of length 1, such as embeddings that were all made equally long.',
          why: 'Twice such a vector has length 2, and so it is outside; (0, 0) is missing too. Directions are kept, but one can no longer add.',
        },
        positive: {
          says: 'All vectors without a negative component.',
          why: 'Sums stay inside, but −1 times a vector does not: in a vector space every member has its opposite.',
        },
        line: {
          says: 'All multiples of (2, 1).',
          why: 'A line through zero. Sums and multiples stay on it, zero and every opposite are there: a space need not fill the plane.',
        },
      },
      proof: ({ toRow, words, length, smallest, tried, off }) =>
        `In the table of heed-describe *${words[0]}* + *${words[1]}* lies ${fixed(toRow)} away from the nearest row. (1, 0) + (0, 1) has length ${fixed(length)}. −1 · (1, 2) has a component ${fixed(smallest, 0)}. ${count(tried)} sums and multiples of vectors on the line, with random factors, left it by ${off === 0 ? '0' : `less than ${tiny(off)}, which is rounding`}.`,
    },
    cosine: {
      ask: `a = ${vector(cosine.a)} and b = ${vector(cosine.b)}. What is their cosine similarity?`,
      right: 'b is 10 · a: the same direction. The cosine divides both lengths out, and what is left is 1.',
      slips: {
        product: 'That is the dot product. The cosine divides it by both lengths, 5 and 50.',
        distance:
          'That is the Euclidean distance, which sees that b is ten times as long. The cosine sees directions alone.',
        ratio: 'That is how long a is beside b. The cosine takes no notice of lengths.',
        none: '0 would be a right angle. The cosine is a similarity, not a distance: of vectors with one direction it is at its largest.',
      },
      other:
        'Take the dot product, 3 · 30 + 4 · 40, and divide it by both lengths, √(9 + 16) and √(900 + 1600).',
      proof: ({ cosine, product, distance, lengths: [a, b] }) =>
        `a·b = ${short(product)}, the lengths are ${short(a)} and ${short(b)}: ${short(product)} / (${short(a)} · ${short(b)}) = ${short(cosine)}. The distance all the same is ${short(distance)}.`,
    },
    roles: {
      ask: `*${sentence.text}* In one head *${sentence.asks}* gives nearly all of its attention to *${sentence.answers}*. What follows for the attention that *${sentence.answers}* gives to *${sentence.asks}*?`,
      options: {
        same: {
          says: 'It is as much: the score of two words is the same both ways.',
          why: 'So it would be with x·y. Here one word brings its query and the other its key, and there they change roles: two different products.',
        },
        rest: {
          says: 'It is what is left: the two weights add up to 1.',
          why: 'Weights add up along a row, over all that one word gives. What another word gives is a row of its own.',
        },
        nothing: {
          says: 'Nothing: it may be any weight.',
          why: 'There the query comes from the one word and the key from the other: another product, another row, any weight.',
        },
        zero: {
          says: 'It is none: attention goes from the word that asks to the one that answers, not back.',
          why: 'Every word asks, and every word answers, all at once. And softmax gives every word that may be seen some weight, if little.',
        },
      },
      proof: ({ head, asks, answers, labels, asking, answering, asymmetry, off, scores }) =>
        `${inHead(head)}, which is the one with the largest such weight: ${labels[asks]} → ${labels[answers]} ${weight(asking[answers])} (score ${fixed(scores[0])}), ${labels[answers]} → ${labels[asks]} ${weight(answering[asks])} (score ${fixed(scores[1])}). Over all pairs of the sentence the two directions differ by up to ${fixed(asymmetry)}, and their sum is up to ${fixed(off)} away from 1.`,
    },
    projections: {
      ask: 'Leave W_Q and W_K out: every word’s vector x, scaled to length 1, is its own query and its own key. Which word gets the largest weight in a row?',
      options: {
        similar: {
          says: 'Another one: the word whose vector is most similar.',
          why: 'Nothing is as similar to x as x: x·x is 1, and with any other vector of length 1 the product is less.',
        },
        training: {
          says: 'Whichever training has found useful.',
          why: 'Training can move the vectors, but of length 1 none of them can beat x·x = 1. It takes matrices to make a word look away from itself.',
        },
        one: {
          says: 'In every row the same one: the most important word.',
          why: 'To win in all rows a word would need a longer vector, or a W_K that lifts it. At length 1 every row has a winner of its own.',
        },
        itself: {
          says: 'The word itself.',
          why: 'x·x = 1 beats every x·y. Through two different matrices a word can ask for something that it is not: that is what W_Q and W_K are for.',
        },
      },
      proof: ({ own, learned, labels, texts, random, head }) =>
        `With the vectors that heed-describe has for the ${labels.length} tokens of *${sentence.text}*, ${own} of ${labels.length} rows look most at themselves; of ${count(texts)} texts of random vectors, ${percent(random)} of the rows do. Through W_Q and W_K of head ${head}: ${learned} of ${labels.length}.`,
    },
    training: {
      ask: `*${sentence.text}* heed-describe was not trained on this sentence, and yet in it *${sentence.asks}* looks at *${sentence.answers}*. Where does the trained model hold that?`,
      options: {
        matrices: {
          says: 'In W_Q and W_K, from which the weights are computed whenever a sentence is read.',
          why: 'Gradient descent changed the matrices. Queries, keys and weights follow from them, for sentences that nobody has written yet too.',
        },
        map: {
          says: 'In a table of attention weights, one for every pair of words.',
          why: 'A map belongs to one sentence, and is gone after it. The model has not nearly as many numbers as there are pairs of words.',
        },
        vectors: {
          says: 'In a query and a key of every word, looked up like embeddings.',
          why: 'What is looked up is x. The query x W_Q is computed, and x knows the word’s place too: the same word has another query in another sentence.',
        },
        place: {
          says: 'In the places: it has learned to look three words to the right.',
          why: `Then it would miss the adjective anywhere else. In *${given.other}* the same head looks one word to the left.`,
        },
      },
      proof: ({ head, parameters, pairs, trained, random, draws, apart, steps }) =>
        `${inHead(head)}: the weight is ${weight(trained)} with W_Q and W_K as trained, and ${weight(random)} on average over ${draws} random pairs of matrices with the same spread. The model has ${count(parameters)} numbers in all, for ${count(pairs)} pairs of words. The query of *${sentence.asks}* in *${given.other}* is ${percent(apart)} of its length away from this one, and there the head looks ${Math.abs(steps[1])} to the ${steps[1] < 0 ? 'left' : 'right'}, not ${Math.abs(steps[0])} to the ${steps[0] < 0 ? 'left' : 'right'}.`,
    },
    score: {
      ask: `q = ${vector(score.q)} and k = ${vector(score.k)}. What is the scaled score, q·k / √d_k?`,
      right: 'q·k = 2 · 1 + 1 · 3 + 0 · 2 + 1 · (−1) = 4, and √d_k = √4 = 2.',
      slips: {
        unscaled:
          'That is q·k. It is still to be divided by √d_k, where d_k is how many components q and k have.',
        size: 'You divided by d_k. How far products spread grows with √d_k, so it is the root that is divided by.',
        times:
          'You multiplied by √d_k. Dividing makes scores of long vectors comparable with those of short ones.',
        cosine:
          'That is the cosine. Attention does not divide by the lengths of q and k: a long key speaks louder, and may.',
      },
      other: 'Multiply component by component, add up, then divide by √4: there are four components.',
      proof: ({ product, size, score }) =>
        `attentionScores of heed gives ${short(product)} with a scale of 1, and ${short(score)} with its own, 1/√${size}.`,
    },
    scaling: {
      ask: `Queries and keys of ${scaling.size} random numbers each, with mean 0 and variance 1; 64 keys; the division by √${scaling.size} is left out. How large is the largest weight of a row on average?`,
      options: {
        flat: {
          says: 'About 0.02: at random no key is favoured, so each gets 1/64.',
          why: 'No key is favoured on average over rows. But in each row some score is the largest, and softmax turns a lead into a share.',
        },
        some: {
          says: 'About 0.1: a little more than its share.',
          why: 'That is what comes out with the division. Without it the scores spread by √512 ≈ 23 instead of 1.',
        },
        half: {
          says: 'About 0.5: the best takes half.',
          why: 'For that the best would have to be just as strong as all others together. With scores that spread by 23 it is mostly much farther ahead, and e to the 8 is 3,000.',
        },
        all: {
          says: 'More than 0.9: nearly everything goes to one key.',
          why: 'The sum of 512 random products spreads by √512 ≈ 23. Softmax of such scores is nearly a choice of one, by chance, and lets less gradient through to change it.',
        },
      },
      proof: ({ queries, keys, draws, spread, peak, scaled, gradient }) =>
        `Measured with heed on ${draws} draws of ${queries} queries and ${keys} keys: scores spread by ${fixed(spread, 1)}, and the largest weight is ${fixed(peak)}. With the division it is ${fixed(scaled)}, and ${fixed(gradient, 1)} times as much gradient reaches the scores.`,
    },
    shift: {
      ask: `The scores of a row are ${list(shift.scores.map(String))}. Add ${shift.by} to each of them. What becomes of the weights, by the formula?`,
      options: {
        sharper: {
          says: 'Nearly all goes to the largest: e to the 103 is gigantic.',
          why: 'So are e to the 102 and e to the 101, and a weight is their ratio. A factor would stretch the gaps; adding leaves them as they are.',
        },
        flatter: {
          says: 'They become nearly equal: 101, 102 and 103 are nearly the same.',
          why: 'Softmax looks at differences, not at ratios of scores: a lead of 1 is a factor of e, wherever it stands.',
        },
        same: {
          says: 'They stay as they are.',
          why: 'e to the (s + 100) is e to the s, times e to the 100: that factor stands above and below the fraction line. What is added to all cancels; what multiplies all does not.',
        },
        broken: {
          says: 'Nothing sensible: e to the 103 is too large for the numbers that models use.',
          why: 'It is. So every engine subtracts the largest score of the row first, and may, because this changes no weight.',
        },
      },
      proof: ({ before, after, overflows }) =>
        `softmax of heed, before: ${list(before.map((w) => weight(w)))}; after: ${list(after.map((w) => weight(w)))}.${overflows ? ' e to the 103 alone would be beyond the largest number of 32 bits, as models use them.' : ''}`,
    },
    masked: {
      ask: 'A mask gives the word that a row looks at most the score −∞. What becomes of the other weights of the row?',
      options: {
        stay: {
          says: 'They stay as they are, so that the row adds up to less than 1.',
          why: 'So it would be if weights were struck out behind softmax. A mask puts −∞ among the scores, before it: the sum below the fraction line gets smaller too.',
        },
        even: {
          says: 'What is free is shared out evenly among them.',
          why: 'All grow by the same factor, not by the same amount: who had more gets more.',
        },
        next: {
          says: 'The next in strength takes all that is free.',
          why: 'It gets the most of it, but softmax is no contest with one winner: every word that may be seen grows with it.',
        },
        grow: {
          says: 'All grow by the same factor, and the row adds up to 1.',
          why: 'The exponentials that are left stay as they are; only the sum that they are divided by is smaller, for all alike.',
        },
      },
      proof: ({ head, labels, asks, answers, taken, factors, sum }) =>
        `${inHead(head)}, the row of *${labels[asks]}*: *${labels[answers]}* had ${taken > 0.9995 ? fixed(taken, 4) : weight(taken)}. Forbidden, all others grow by ${factors[1] / factors[0] < 1.001 ? `a factor of ${count(Math.round(factors[0]))}` : `factors of ${fixed(factors[0])} to ${fixed(factors[1])}`}, and the row adds up to ${fixed(sum, 3)}.`,
    },
    mix: {
      ask: `A row has two keys. Their scores, ready for softmax, are 0 and ln 3 ≈ 1.0986 (e to the ln 3 is 3). Their values are the numbers ${mix.values[0]} and ${mix.values[1]}. What does the row give out?`,
      right: 'e to the 0 is 1 and e to the ln 3 is 3: the weights are 1/4 and 3/4. 8/4 + 3 · 4/4 = 2 + 3.',
      slips: {
        mean: 'That is the mean, as if both scores were equal. The second key has three times the weight of the first.',
        strongest: 'That is the value of the stronger key alone. Softmax leaves a quarter to the other.',
        raw: 'You weighted with the scores. They go through softmax first, so that the weights are shares of 1.',
        sum: 'That is the sum of the values. Weights add up to 1, so what comes out lies between the values.',
        swapped: 'You gave the larger weight to the smaller score. Larger scores get larger weights.',
      },
      other:
        'First the weights: e to each score, divided by the sum of both. Then each value times its weight, added up.',
      proof: ({ weights, values, out }) =>
        `softmax of heed gives ${weights.map((w) => weight(w)).join(' and ')}, and weightedSum ${weights.map((w, j) => `${fixed(w)} · ${short(values[j])}`).join(' + ')} = ${fixed(out)}.`,
    },
    mask: {
      ask: 'Build the mask of a language model: at each word it may use that word and all before it, and nothing that comes after.',
      how: {
        page: 'Rows ask, columns answer. Click a cell, or press Enter on it, to forbid that link or to allow it again.',
        terminal: 'Type the links to forbid as query>key, counted from 1: 3>1 4>2. A - forbids none.',
      },
      conditions: {
        later: {
          says: 'outputs that change when a later word changes: none',
          value: ({ leaks }) => String(leaks),
        },
        earlier: {
          says: 'outputs that take no notice of their own word or an earlier one: none',
          value: ({ misses }) => String(misses),
        },
      },
      right:
        'Each word sees itself and what stands before it. So a language model learns to predict the next word at every place at once: the answer is never in sight.',
      slips: {
        open: 'Something of what comes later still gets through: in training the model could read the answer off instead of predicting it.',
        turned:
          'Some words see what comes later, and some do not see what came before. A row is a word that asks: in row 2 stands what the second word may see.',
        closed:
          'Nothing that comes later gets through. But some words miss what they may use: the words before them, or themselves.',
      },
      proof: ({ leaks, misses }) =>
        `Attention was run with this mask, and once more with each word changed in turn: ${leaks} outputs changed with a later word, ${misses} did not change with their own or an earlier one.`,
    },
    scale: {
      ask: `Queries and keys have ${scale.size} random components with variance 1. Divide the scores by a number so that their variance becomes 1, a tenth more or less.`,
      how: {
        page: 'Move the slider, or type a number. Judged by running it.',
        terminal: 'Type the number to divide by.',
      },
      conditions: {
        variance: {
          says: 'variance of the scores: from 0.9 to 1.1',
          value: ({ variance }) => short(variance),
        },
      },
      right:
        'The variance of q·k is d_k, one for each component. Dividing by √d_k divides the variance by d_k: that is why the formula has the root.',
      slips: {
        none: 'Undivided, the variance is about d_k: every component adds 1 to it.',
        size: 'You divided by d_k. Dividing scores by c divides their variance by c²: now it is 1/256, and softmax nearly flat.',
        small: 'Still too wide. Dividing scores by c divides their variance by c²: which c makes 1 of 256?',
        large:
          'Too narrow now: softmax will be flatter than it should. Dividing by c divides the variance by c².',
      },
      proof: ({ divisor, variance, peak, scores, keys }) =>
        `${count(scores)} scores of random queries and keys, divided by ${short(divisor)}: their variance is ${short(variance)}, and the largest of ${keys} weights is ${fixed(peak)} on average.`,
    },
    heads: {
      ask: `*${sentence.text}* heed-describe, one layer of four heads, says which word describes which: *${word}* is *${by}*. Take heads out, so that at most two are left and it still says this, and nothing else. Try: what you keep is run.`,
      how: {
        page: 'Choose the heads that stay: the output of all others becomes zeros. Judged by running the model.',
        terminal: 'Type the heads that stay, such as 1 3; a - keeps none.',
      },
      conditions: {
        answer: {
          says: `the model says ${word}: ${by}, and nothing else`,
          value: ({ said }) => (said.length === 0 ? 'nothing' : said.join(', ')),
        },
        few: { says: 'heads that stay: at most two', value: ({ kept }) => String(kept.length) },
      },
      right: `One head carries the link, another turns the balance. A row of weights says where a head looks; what the model makes of it, only taking heads out tells.`,
      slips: {
        many: 'It says so still, but more than two heads are left: it can do without one of these.',
        without: `None of these heads gives most of the row of *${word}* to *${by}*, so the word does not get there: look at the rows again.`,
        alone: `The link is there, but its weight alone does not decide: what this head brings is too little against “nothing describes it”. It takes another head beside it.`,
      },
      proof: ({ kept, said, probability, links }) =>
        `Run with ${kept.length === 0 ? 'no head' : kept.length === 1 ? `head ${kept[0]}` : `heads ${list(kept.map(String))}`}: ${said.length === 0 ? 'the model says nothing' : `the model says ${said.join(', ')}`}${probability > 0 ? ` (probability ${fixed(probability)})` : ''}. Of their rows of *${word}* the four heads give *${by}* ${list(links.map((link) => weight(link)))}.`,
    },
  },
  rows: {
    asks: (of) => of,
    before: () => 'before',
    after: () => 'after',
    own: () => 'x itself',
    learned: () => 'learned W',
    random: () => 'random W',
    shares: () => 'weights',
    head: (n) => `head ${n}`,
  },
  quoted: (word) => `“${word}”`,
  quiz: {
    title: 'Fifteen questions on attention',
    about:
      'About 23 minutes. Every answer is explained, and proved by computing it here and now. What you miss comes back.',
    question: (n, of) => `Question ${n} of ${of}`,
    minutes: (n) => `about ${n} min`,
    right: 'Right.',
    wrong: 'Not so.',
    notYet: 'Not there yet.',
    comesBack: 'It comes back at the end.',
    again: 'You missed it before.',
    proof: 'Proof, computed just now',
    took: (ms) => (ms < 1 ? 'under 1 ms' : `${count(Math.round(ms))} ms`),
    answerWas: 'It is:',
    score: (right, answered) => `${right} of ${answered} right at the first try`,
    done: (right, total) => `Done: ${right} of ${total} right at the first try.`,
    missed: (n) => (n === 1 ? '1 question was missed' : `${n} questions were missed`),
    nothingMissed: 'Nothing was missed.',
    states: { open: 'open', right: 'right', later: 'right at last', missed: 'missed' },
  },
  terminal: {
    hints: {
      choice: '1 to 4',
      number: 'a number',
      mask: 'links',
      scale: 'a number',
      heads: 'heads',
    },
    others: '? shows the answer, q leaves; what you have answered is kept.',
    noAnswer: (typed) => (typed === '' ? 'Type an answer' : `“${typed}” is no answer here`),
    left: (answered, total) => `${answered} of ${total} answered; heed quiz goes on from here.`,
    after: 'heed quiz --restart begins anew, shuffled.',
    review: 'heed quiz --review asks what was missed.',
    columns: ['#', 'question', 'topics', 'kind', 'min', 'state'],
    see: 'See it:',
    legend: 'Weights from 0 to 1; those from .10 are written.',
  },
  page: {
    check: 'Check',
    computing: 'Computing …',
    fetching: (done, total) =>
      `Fetching the model: ${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`,
    next: 'Next',
    finish: 'To the result',
    showMe: 'Show me',
    done: 'Done',
    keys: 'Keys 1 to 4, then Enter',
    yours: 'Your answer',
    beginAnew: 'Begin anew, shuffled',
    askMissed: 'Ask what was missed',
    questions: 'Questions',
    language: 'Language',
    number: 'A number',
    divideBy: 'Divide by',
    largest: (of) => `largest of ${of} weights, on average`,
    forbidden: (n) => (n === 1 ? '1 link forbidden' : `${n} links forbidden`),
    seeIt: 'See it step by step',
    weight: 'weight',
    written: 'written from .10 on',
    notYet: 'Not there yet',
    left: (minutes) => `about ${minutes} min left`,
    failed: 'The proof did not come',
    kept: 'Your progress is kept.',
    retry: 'Try again',
    save: {
      rows: 'Save the rows as SVG',
      facts: 'Save the proof as JSON',
      progress: 'Save your progress as JSON',
    },
  },
}
