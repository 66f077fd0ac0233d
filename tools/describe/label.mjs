/*
 * Which word describes which, by stated rules over the part-of-speech tags (Universal Dependencies' tag set) of wink-nlp.
 *
 * What can be described: nouns, names, and the pronouns I, you, he, she, we and they. What describes: an adjective, but
 * for those that count or point (`pointing` below), in one of two places.
 *
 * - Attributive, before its noun: other adjectives, commas, "and", "or", "but", adverbs and numbers may stand between. Of
 *   nouns in a row the last is meant: "a large apple tree", tree: large.
 * - Predicative, behind a copula (`copulas`): adverbs, "not", "to be", further copulas and a measure ("ten years old") may
 *   stand between. Its subject is the noun or pronoun before the copula, the auxiliaries and adverbs with it, and "wants to";
 *   behind a preposition the noun before that ("the colour of the car is red", colour: red); of "Tom and Mary" both. In
 *   questions, and after "how" with an adjective, it stands behind the copula.
 *
 * Of several adjectives of one word the nearest counts, of equally near ones the one before it.
 *
 * Sentences that these rules may get wrong are left out: where a relative clause may stand before the copula, where an adjective is
 * part of a word with a hyphen, and what is no single sentence.
 */
import winkNLP from 'wink-nlp'
import english from 'wink-eng-lite-web-model'

const nlp = winkNLP(english, ['sbd', 'pos'])
const { its } = nlp

const words = (text) => new Set(text.split(/\s+/))
/** Tagged as adjectives, but they count or point. */
const pointing =
  words(`many much more most few fewer fewest less least little several enough other others another same
  such own certain last next first second third fourth fifth latter former whole only very`)
const copulas = words(
  `be become seem appear look feel sound smell taste get grow turn go stay remain keep fall`,
)
/** Nouns of time that may follow an adjective without belonging to it. */
const times = words(`today tonight tomorrow yesterday now sometimes nowadays anymore lately`)
const subjects = words('i you he she we they')
/** "Married last month": no married month. */
const when = words('last next')
const periods = words(
  'day week month year night time summer winter spring fall autumn monday tuesday wednesday thursday friday saturday sunday',
)
const measured = words('old young tall long high deep wide thick late early heavy away')
const relatives = words('who whom whose which that where')

/**
 * The words of a text with their tags: `{ text, lower, lemma, tag, start, end }`.
 */
export function tagged(text) {
  // The tagger takes "I'm" for a name.
  const document = nlp.readDoc(text.replace(/\b(I)(['’]m)\b/g, '$1 $2'))
  const tokens = document.tokens()
  const [values, tags, lemmas] = [tokens.out(), tokens.out(its.pos), tokens.out(its.lemma)]
  let at = 0
  return values.map((value, i) => {
    const start = text.indexOf(value, at)
    at = start + value.length
    const lower = value.toLowerCase()
    return { text: value, lower, lemma: copulaForms[lower] ?? lemmas[i], tag: tags[i], start, end: at }
  })
}

/** Forms that the lemmatizer does not always bring back. */
const copulaForms = Object.fromEntries(
  `am is are was were been being 's 'm 're ’s ’m ’re`.split(' ').map((form) => [form, 'be']),
)

/**
 * Pairs of indices into `tokens`, `[word, its adjective]`, in the order of the words; undefined where the rules may miss the
 * subject.
 */
export function described(tokens) {
  const tag = (i, ...tags) => i >= 0 && i < tokens.length && tags.includes(tokens[i].tag)
  const is = (i, set) => i >= 0 && i < tokens.length && set.has(tokens[i].lower)
  const adjective = (i) => tag(i, 'ADJ') && !is(i, pointing) && !hyphened(i)
  /** A part of a word such as "good-natured". */
  const hyphened = (i) =>
    (is(i + 1, hyphen) && tokens[i + 1].start === tokens[i].end) ||
    (is(i - 1, hyphen) && tokens[i - 1].end === tokens[i].start)
  const noun = (i) => tag(i, 'NOUN', 'PROPN')
  // "Tom's very happy" looks like a genitive to the tagger.
  const copula = (i) => (tag(i, 'AUX', 'VERB') && copulas.has(tokens[i].lemma)) || is(i, contracted)
  const be = (i) => tag(i, 'AUX', 'VERB') && tokens[i].lemma === 'be'
  const joins = (i) => is(i, joining)
  /** For every word, all adjectives that describe it. */
  const found = new Map()
  const add = (word, by) => found.set(word, [...(found.get(word) ?? []), by])

  /** The last of the nouns in a row that begins at i. */
  const lastOf = (i) => {
    while (noun(i + 1) && !is(i + 1, times)) i++
    return i
  }
  /** The noun that the adjective at i stands before, past other words of its kind. */
  const nounBehind = (i) => {
    let n = i + 1
    for (;;) {
      const next = n + (joins(n) ? 1 : 0) + (tag(n + (joins(n) ? 1 : 0), 'ADV') ? 1 : 0)
      if (next > n && tag(next, 'ADJ')) n = next
      else if (tag(n, 'ADJ', 'NUM')) n++
      else break
    }
    if (!noun(n) || is(n, times) || (is(n - 1, when) && is(n, periods))) return undefined
    return lastOf(n)
  }
  /** The first word of the noun phrase that ends with the noun at i. */
  const startOf = (i) => {
    while (tag(i - 1, 'DET', 'ADJ', 'NUM', 'NOUN', 'PROPN') || possessive(i - 1)) i--
    return i
  }
  const possessive = (i) => is(i, possessives) || (tag(i, 'PART') && is(i, genitive))
  /** The subjects whose last word stands at i: none where it is neither noun nor pronoun. */
  const subjectsAt = (i) => {
    if (is(i, subjects)) return joined(i)
    if (!noun(i) || is(i, times)) return []
    const start = startOf(i)
    if (tag(start - 1, 'ADP') && noun(start - 2)) return subjectsAt(start - 2)
    return joined(i)
  }
  const joined = (i) => {
    const start = noun(i) ? startOf(i) : i
    const and = is(start - 1, ands) && (noun(start - 2) || is(start - 2, subjects))
    return and ? [...subjectsAt(start - 2), i] : [i]
  }
  /** The subjects before the copula at i. */
  const before = (i) => {
    let n = i - 1
    for (;;) {
      if (tag(n, 'ADV', 'AUX') || is(n, nots)) n--
      else if (is(n, to) && tag(n - 1, 'VERB')) n -= 2
      else if (is(n, to) && (tag(n - 1, 'PROPN') || is(n - 1, subjects))) n--
      else if (copula(n)) n--
      else return subjectsAt(n)
    }
  }
  /** The subjects that begin at i, behind the copula of a question, and where they end. */
  const behind = (i) => {
    if (is(i, subjects)) return { all: [i], end: i }
    let n = i
    while (tag(n, 'DET', 'ADJ', 'NUM') || is(n, possessives)) n++
    if (!noun(n) || (n === i && !tag(n, 'PROPN'))) return undefined
    n = lastOf(n)
    return possessive(n + 1) ? behind(n + 2) : { all: [n], end: n }
  }
  /** The adjective that says something of a subject, looked for from i on. */
  const predicate = (i) => {
    let n = i
    while (tag(n, 'ADV') || is(n, nots) || is(n, as) || copula(n) || (is(n, to) && be(n + 1))) n++
    if (tag(n, 'NUM') && noun(n + 1) && is(n + 2, measured)) n += 2
    return adjective(n) || (is(n, measured) && tag(n, 'ADJ', 'ADV') && n > i) ? n : undefined
  }

  tokens.forEach((_, i) => {
    if (!adjective(i)) return
    // "I'm sure Tom is right": no sure Tom.
    const ofName = (n) => tag(n, 'PROPN') && tag(i - 1, 'AUX', 'VERB', 'ADV', 'PART')
    const n = nounBehind(i)
    if (n !== undefined && !ofName(i + 1)) add(n, i)
  })
  const attributive = new Set([...found.values()].flat())
  const open = (n) => n !== undefined && !attributive.has(n)
  let missed = tokens.some((_, i) => tag(i, 'ADJ') && hyphened(i))
  tokens.forEach((_, i) => {
    if (!copula(i)) return
    // How old is Tom? How old he is!
    const how = is(i - 2, hows) && adjective(i - 1) ? i - 1 : undefined
    if (how !== undefined && be(i)) {
      const subject = behind(i + 1)
      // "How long are you going to stay?": nobody is long.
      if (subject && !tag(subject.end + 1, 'VERB')) for (const word of subject.all) add(word, how)
      return
    }
    const a = predicate(i + 1)
    const starts = i === 0 || tag(i - 1, 'PUNCT', 'CCONJ') || is(i - 1, asking)
    const question = be(i) && starts ? behind(is(i + 1, nots) ? i + 2 : i + 1) : undefined
    if (question) {
      const a = predicate(question.end + 1)
      if (open(a)) for (const word of question.all) add(word, a)
      return
    }
    if (!open(a)) return
    if (relativeBefore(i)) missed = true
    for (const word of before(i)) add(word, a)
  })
  tokens.forEach((_, i) => {
    if (!is(i, hows) || !adjective(i + 1) || attributive.has(i + 1)) return
    const subject = behind(i + 2)
    if (subject && be(subject.end + 1)) for (const word of subject.all) add(word, i + 1)
  })
  /** Whether a relative clause may stand before the word at i. */
  function relativeBefore(i) {
    for (let n = i - 1; n > 0; n--) if (is(n, relatives) && (noun(n - 1) || tag(n - 1, 'PUNCT'))) return true
    return false
  }
  if (missed) return undefined
  const near = (word) => (a, b) => Math.abs(a - word) - Math.abs(b - word) || a - b
  return [...found].map(([word, all]) => [word, all.toSorted(near(word))[0]]).sort(([a], [b]) => a - b)
}

const hyphen = words('-')
const joining = words(', and or but')
const ands = words('and')
const nots = words(`not n't n’t never`)
const to = words('to')
const as = words('as')
const hows = words('how')
const asking = words('why when where how who what if whether')
const possessives = words('my your his her its our their')
const genitive = words(`'s ’s ' ’`)
const contracted = words(`'s ’s`)

/** Whether the text is one sentence. */
export const isOneSentence = (text) => nlp.readDoc(text).sentences().length() === 1
