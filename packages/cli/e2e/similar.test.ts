import { readFile, writeFile } from 'node:fs/promises'
import { initTransformer, saveModel } from 'heed/models'
import { learnBpe } from 'heed/text'
import { afterAll, describe, expect, it } from 'vitest'
import { fails, heed, ok, temporaryFolder } from './heed.js'

const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())
const model = folder.path('model')

// Random vectors, and a vocabulary whose whole words are dog, cat, tree, the, do and t.
const vocabSize = 272
const tokenizerJson = await learnBpe(['the dog the cat the tree', ' the dog', ' the cat', ' the tree'], {
  vocabSize,
})
const shape = { d_model: 16, num_heads: 2, encoder_layers: 1, decoder_layers: 1, d_ff: 16, max_positions: 8 }
{
  using made = initTransformer({ ...shape, vocab_size: vocabSize }, 7, { tokenizerJson })
  await saveModel(made, model)
}

interface Found {
  word: string
  id: number
  value: number
}
interface Document {
  model: string
  metric: string
  words: { word: string; tokens: { id: number; text: string }[] }[]
  cosine: number[][]
  angular: number[][]
  euclidean: number[][]
  dot: number[][]
  among?: number
  nearest?: { word: string; found: Found[] }[]
}

const similar = (...args: string[]) => ['similar', '--model', model, ...args]
const json = async (...args: string[]) => JSON.parse(await ok(similar('--json', ...args))) as Document

it('has help with examples', async () => {
  const help = await ok(['similar', '--help'])
  expect(help).toMatch(/^Usage: heed similar /)
  expect(help).toMatch(/\nExamples:\n {2}heed similar dog cat television\n/)
  expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(await ok(['--help'])).toContain('heed similar dog cat television')
})

describe('--json', () => {
  it('has every measure of every pair', async () => {
    const doc = await json('dog', 'cat', 'the')
    expect(Object.keys(doc)).toEqual(['model', 'metric', 'words', 'cosine', 'angular', 'euclidean', 'dot'])
    expect(doc.model).toBe(model)
    expect(doc.words.map(({ word }) => word)).toEqual(['dog', 'cat', 'the'])
    for (const { word, tokens } of doc.words) expect(tokens.map(({ text }) => text).join('')).toBe(` ${word}`)
    expect([0, 1, 2].map((i) => doc.cosine[i][i])).toEqual([1, 1, 1])
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        const [ii, jj, ij] = [doc.dot[i][i], doc.dot[j][j], doc.dot[i][j]]
        expect(doc.cosine[i][j]).toBeCloseTo(ij / Math.sqrt(ii * jj), 12)
        expect(Math.cos(doc.angular[i][j])).toBeCloseTo(doc.cosine[i][j], 12)
        expect(doc.euclidean[i][j] ** 2).toBeCloseTo(ii + jj - 2 * ij, 12)
      }
  })

  it('lists the nearest whole words, by the metric asked for', async () => {
    const doc = await json('dog', 'th', '--nearest', '3', '--metric', 'euclidean')
    expect(doc.metric).toBe('euclidean')
    expect(doc.among).toBe(6)
    for (const { word, found } of doc.nearest!) {
      expect(found).toHaveLength(3)
      expect(found.map(({ value }) => value)).toEqual(found.map(({ value }) => value).sort((a, b) => a - b))
      for (const { word: other } of found) {
        expect(other).toMatch(/^\p{L}+$/u)
        expect(other).not.toBe(word)
        const { euclidean, words } = await json(word, other)
        expect(words[1].tokens).toHaveLength(1)
        expect(euclidean[0][1]).toBeCloseTo(found.find(({ word }) => word === other)!.value, 6)
      }
    }
  })

  it('has the answers of an analogy, never one of its words', async () => {
    const doc = JSON.parse(await ok(similar('--json', '--analogy', 'the', 'dog', 'cat'))) as {
      analogy: object
      found: Found[]
    }
    expect(doc.analogy).toEqual({ a: 'the', b: 'dog', c: 'cat' })
    // Five are asked for, but the three given leave three.
    expect(doc.found.map(({ word }) => word).sort()).toEqual(['do', 't', 'tree'])
  })
})

describe('in the terminal', () => {
  it('shows the matrix and every measure, says how words of several tokens are spelt, without colour in a pipe', async () => {
    const stdout = await ok(similar('dog', 'television', 'the', '🐘'))
    expect(stdout).not.toContain('\x1b')
    expect(stdout).toMatch(/^\S+ and \S+ are the nearest of 4 words: cosine [+−±]\d\.\d\d\n/)
    expect(stdout).toMatch(/^television is the mean of \d+ tokens: \S+ \+ /m)
    expect(stdout).toMatch(/^🐘 is the mean of \d tokens$/m)
    expect(await ok(['similar', 'dog', 'cat', '--model', 'heed-copy'])).toContain(
      'dog is the mean of 4 tokens: · + d + o + g\n',
    )
    expect(stdout).toMatch(/^ *dog +\+1\.00 /m)
    expect(stdout).toMatch(/^By every measure\n +cosine +angle +Euclidean +dot\n/m)
    expect(stdout.match(/ – /g)).toHaveLength(6)
  })

  it('fits 40 columns, has colour only where it is wanted, and names its limit', async () => {
    const args = similar('--', ...Array.from({ length: 20 }, (_, i) => `word${i}`))
    const narrow = await ok(args, { env: { COLUMNS: '40' } })
    expect(narrow).toContain('the 12 nearest of 190 pairs; --json has')
    for (const line of narrow.split('\n')) expect([...line].length).toBeLessThanOrEqual(40)
    const coloured = await ok(args, { env: { COLUMNS: '40', FORCE_COLOR: '3' } })
    expect(coloured).toContain('\x1b[48;2;')
    expect(await ok(args, { env: { COLUMNS: '40', FORCE_COLOR: '3', NO_COLOR: '1' } })).toBe(narrow)
  })

  it('lists neighbours of one word alone, and an analogy', async () => {
    const nearest = await ok(similar('dog', '--nearest', '4'))
    expect(nearest).toMatch(/^Nearest to dog by cosine\n( {2}\S+ +[+−±]\d\.\d\d.*\n){4}of 6 whole words/)
    const analogy = await ok(similar('--analogy', 'the', 'dog', 'cat', '--nearest', '2'))
    expect(analogy).toMatch(/^the − dog \+ cat ≈ \S+\n( {2}\S+ +[+−±]\d\.\d\d.*\n){2}by cosine/)
  })

  it('writes the words as a picture', async () => {
    const file = folder.path('words.svg')
    const ran = await heed(similar('dog', 'cat', 'the', '--nearest', '2', '--svg', file))
    expect(ran).toMatchObject({ code: 0, stderr: `wrote ${file}\n` })
    expect(await readFile(file, 'utf8')).toMatch(
      /^<svg [^]+are the nearest of 3 words[^]+two directions of 16; they hold \d+% of the spread[^]+<\/svg>\s*$/,
    )
  })
})

describe('--triplets', () => {
  const file = folder.path('triplets.tsv')

  it('counts those that hold, lists those that fail, and drops none', async () => {
    await writeFile(file, 'dog\tdog\tcat\r\ncat\tdog\tdog\n\nthe\tcat\tdog\n')
    const doc = JSON.parse(await ok(similar('--triplets', file, '--json'))) as {
      total: number
      holding: number
      triplets: { anchor: string; nearValue: number; farValue: number; holds: boolean }[]
    }
    expect(doc.total).toBe(3)
    expect(doc.triplets.map(({ anchor }) => anchor)).toEqual(['dog', 'cat', 'the'])
    expect(doc.triplets.slice(0, 2).map(({ holds }) => holds)).toEqual([true, false])
    const { cosine } = await json('the', 'cat', 'dog')
    expect(doc.triplets[2]).toMatchObject({
      nearValue: cosine[0][1],
      farValue: cosine[1][2],
      holds: cosine[0][1] > cosine[1][2],
    })
    expect(doc.holding).toBe(doc.triplets.filter(({ holds }) => holds).length)
    const shown = await ok(similar('--triplets', file))
    expect(shown.startsWith(`${doc.holding} of 3 triplets hold\n`)).toBe(true)
    expect(shown).toContain('cat dog dog')
    expect(shown).not.toContain('dog dog cat')
    // By a distance, smaller is nearer.
    const far = JSON.parse(
      await ok(similar('--triplets', file, '--json', '--metric', 'euclidean')),
    ) as typeof doc
    expect(far.triplets.slice(0, 2).map(({ holds }) => holds)).toEqual([true, false])
  })

  it('refuses a file that is not one', async () => {
    await writeFile(file, 'dog\tcat\tthe\ndog\tcat\n')
    await fails(1, similar('--triplets', file), /triplets\.tsv: line 2 has 2 words/)
    await writeFile(file, '\n')
    await fails(1, similar('--triplets', file), /holds no triplets/)
    await writeFile(file, 'dog\t \tthe\n')
    await fails(1, similar('--triplets', file), /line 1: word 2 is empty/)
    await fails(1, similar('--triplets', folder.path('none.tsv')), /does not exist/)
  })
})

describe('what is refused', () => {
  it('with 2 when the arguments cannot be parsed', async () => {
    await fails(2, similar(), /missing required argument 'words'/)
    await fails(2, similar('dog'), /one word has nothing to be compared with.*--nearest/)
    await fails(2, similar('--analogy', 'dog', 'cat'), /three words a b c.*got 2/)
    await fails(2, similar('dog', 'cat', '--metric', 'hamming'), /Allowed choices are cosine, angular/)
    await fails(2, similar('dog', '--nearest', '0'), /--nearest.*from 1 up/)
    await fails(2, similar('dog', 'cat', '--near'), /unknown option '--near'/)
  })

  it('with 1 otherwise, in one line', async () => {
    await fails(1, similar('dog', ' '), /word 2 is empty \(" "\)/)
    await fails(1, similar('dog', '--triplets', 'x.tsv'), /--triplets reads its words from the file/)
    await fails(1, similar('--analogy', 'a', 'b', 'c', '--metric', 'dot'), /--analogy goes by cosine/)
    await fails(1, similar('dog', 'cat', '--svg', folder.path('none/x.svg')), /its folder does not exist/)
    await fails(1, ['similar', 'dog', 'cat', '--model', folder.path('none')], /there is no model/)
  })
})

it('--dtype keeps the words in fewer bits, and says which there are', async () => {
  const words = ['dog', 'cat', 'tree']
  const { cosine } = await json(...words)
  for (const [dtype, eps] of [
    ['f16', 1e-3],
    ['int8', 1e-2],
  ] as const) {
    const narrow = (await json(...words, '--dtype', dtype)).cosine
    const moved = cosine.flat().map((x, i) => Math.abs(x - narrow.flat()[i]))
    expect(Math.max(...moved)).toBeGreaterThan(0)
    expect(Math.max(...moved)).toBeLessThan(eps)
  }
  await fails(2, similar('dog', 'cat', '--dtype', 'int4'), /Allowed choices are f32, f16, int8/)
})
