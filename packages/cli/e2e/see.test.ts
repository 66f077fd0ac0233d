import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { fails, heed, makeGpt2, makeModel, modelForTests, ok } from './heed.js'

const { folder, model } = await modelForTests()

interface Token {
  id: number
  text: string
  start: number
  end: number
}
interface Map {
  site: string
  head: number
  queries: 'source' | 'target'
  keys: 'source' | 'target'
  weights: number[][]
  q?: number[][]
  k?: number[][]
  m?: number[]
  l?: number[]
  scale?: number
  causal?: { offset: number }
  lengths?: number[]
}
interface Document {
  model: string
  text: string
  output: string
  tokens: { source: Token[]; target: Token[] }
  maps: Map[]
}

/** The one JSON document that the command prints. */
async function seen(text: string, ...flags: string[]): Promise<Document> {
  const stdout = await ok(['see', '--json', '--model', model, ...flags, '--', text])
  expect(stdout.endsWith('}\n')).toBe(true)
  return JSON.parse(stdout) as Document
}

const sentence = 'The elephant is very large.'
const sites = [
  'encoder.0.self',
  'encoder.1.self',
  'decoder.0.self',
  'decoder.0.cross',
  'decoder.1.self',
  'decoder.1.cross',
]

describe('--json', () => {
  it('prints the document of the contract, its keys in order', async () => {
    const doc = await seen(sentence)
    expect(Object.keys(doc)).toEqual(['model', 'text', 'output', 'tokens', 'maps'])
    expect(doc.model).toBe(model)
    expect(doc.text).toBe(sentence)
    expect(Object.keys(doc.tokens)).toEqual(['source', 'target'])
    for (const token of [...doc.tokens.source, ...doc.tokens.target])
      expect(Object.keys(token)).toEqual(['id', 'text', 'start', 'end'])
    for (const map of doc.maps)
      expect(Object.keys(map)).toEqual(['site', 'head', 'queries', 'keys', 'weights'])
    expect(doc.maps.map(({ site, head }) => `${site}/${head}`)).toEqual(
      sites.flatMap((site) => [`${site}/0`, `${site}/1`]),
    )
    const translation = await ok(['translate', sentence, '--model', model])
    const words = (text: string) => text.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
    expect(words(translation)).toEqual(words(doc.output))
  })

  it('has one row per query, one weight per key, and rows that sum to 1', async () => {
    const { tokens, maps } = await seen(sentence)
    for (const { site, queries, keys, weights } of maps) {
      expect([queries, keys]).toEqual(
        site.startsWith('encoder')
          ? ['source', 'source']
          : ['target', site.endsWith('cross') ? 'source' : 'target'],
      )
      expect(weights.length).toBe(tokens[queries].length)
      weights.forEach((row, i) => {
        expect(row.length).toBe(tokens[keys].length)
        expect(row.every((w) => w >= 0 && w <= 1)).toBe(true)
        expect(Math.abs(row.reduce((a, b) => a + b, 0) - 1)).toBeLessThanOrEqual(1e-6)
        if (site === 'decoder.0.self') expect(row.slice(i + 1).every((w) => w === 0)).toBe(true)
      })
    }
    const { source, target } = tokens
    expect(source.at(-1)).toEqual({ id: 2, text: '</s>', start: sentence.length, end: sentence.length })
    expect(target[0]).toEqual({ id: 1, text: '<s>', start: 0, end: 0 })
    expect(target.slice(1).every(({ id }) => id > 2)).toBe(true)
  })

  it('gives with --qk what the weights can be recomputed from, within the bound of float32', async () => {
    const { maps } = await seen(sentence, '--qk')
    let checked = 0
    for (const map of maps) {
      const { site, weights, causal, lengths } = map
      const rules = { causal: ['causal'], lengths: ['lengths'] }[
        site.match(/decoder\.\d\.self/) ? 'causal' : 'lengths'
      ]
      expect(Object.keys(map)).toEqual([
        'site',
        'head',
        'queries',
        'keys',
        'weights',
        'q',
        'k',
        'm',
        'l',
        'scale',
        ...rules,
      ])
      const [q, k, m, l, scale] = [map.q!, map.k!, map.m!, map.l!, map.scale!]
      const D = q[0].length
      expect(D).toBe(8)
      expect(scale).toBe(1 / Math.sqrt(8))
      if (causal) expect(causal).toEqual({ offset: 0 })
      if (lengths) expect(lengths).toEqual([k.length])
      expect([q.length, m.length, l.length]).toEqual(Array(3).fill(weights.length))
      for (const numbers of [...q, ...k, m, l, ...weights].flat())
        expect(Math.fround(numbers)).toBeCloseTo(numbers, 7)

      const allowed = (i: number, j: number) =>
        (!causal || j <= i + causal.offset) && (!lengths || j < lengths[0])
      weights.forEach((row, i) => {
        const scores = k.map((key) => scale * q[i].reduce((sum, x, d) => sum + x * key[d], 0))
        const size = Math.max(...k.map((key) => q[i].reduce((sum, x, d) => sum + Math.abs(x * key[d]), 0)))
        const delta = (D + 8) * 2 ** -24 * scale * size
        const most = Math.max(...scores.filter((_, j) => allowed(i, j)))
        const sum = scores.reduce((sum, s, j) => sum + (allowed(i, j) ? Math.exp(s - most) : 0), 0)
        row.forEach((w, j) => {
          const exact = allowed(i, j) ? Math.exp(scores[j] - most) / sum : 0
          const bound = 1e-6 + exact * (Math.exp(2 * delta) - 1)
          expect(Math.abs(w - exact)).toBeLessThanOrEqual(bound)
          const kept = allowed(i, j) ? Math.exp(scores[j] - m[i]) / l[i] : 0
          expect(Math.abs(w - kept)).toBeLessThanOrEqual(bound)
          checked++
        })
      })
    }
    expect(checked).toBeGreaterThan(1000)
  })

  it('picks sites by name and pattern and heads by number, both repeatable, each map once', async () => {
    const pick = async (...flags: string[]) =>
      (await seen('the dog', ...flags)).maps.map(({ site, head }) => `${site}/${head}`)
    expect(await pick('--site', 'decoder.*.cross', '--head', '1')).toEqual([
      'decoder.0.cross/1',
      'decoder.1.cross/1',
    ])
    expect(await pick('--site', '*.self', '--site', 'encoder.0.*', '--head', '0')).toEqual([
      'encoder.0.self/0',
      'encoder.1.self/0',
      'decoder.0.self/0',
      'decoder.1.self/0',
    ])
    expect(await pick('--head', '1', '--head', '0', '--head', '1', '--site=encoder.1.self')).toEqual([
      'encoder.1.self/0',
      'encoder.1.self/1',
    ])
    expect(await pick('--head', '0')).toEqual(sites.map((site) => `${site}/0`))
  })

  const texts = {
    emoji: 'I see 👩‍👩‍👧 and 🐘!',
    CJK: '大象非常大。',
    'combining marks': 'Cafe\u0301 n\u0303andu\u0301',
    'a lone surrogate': 'a \ud83d b',
    'line ends and tabs': 'one\r\ntwo\n\n\tthree ',
    'special tokens written as text': '</s> is <unk>',
    'white space around': '  large  ',
    'right-to-left text': 'שלום عالم',
    'a byte order mark': '\ufeffthe dog',
    'what starts like a flag': '--5 degrees',
  }
  it.each(Object.entries(texts))('gives every token its place in a text with %s', async (_, text) => {
    const doc = await seen(text, '--site', 'encoder.0.self', '--head', '0', '--beam', '1')
    // Half a surrogate pair cannot be handed to another program.
    expect(doc.text).toBe(Buffer.from(text).toString())
    const sides = [
      [doc.tokens.source, doc.text, new Set([2])],
      [doc.tokens.target, doc.output, new Set([1, 3])],
    ] as const
    for (const [tokens, whole, specials] of sides) {
      const covered = Array<boolean>(whole.length).fill(false)
      for (const { id, text, start, end } of tokens) {
        if (specials.has(id) && /^<.*>$/.test(text) && end === start) continue
        expect(end).toBeGreaterThan(start)
        const stretch = whole.slice(start, end)
        if (!text.includes('\ufffd')) expect([stretch, ` ${stretch}`]).toContain(text)
        covered.fill(true, start, end)
      }
      expect([...whole].every((_, i) => covered[i] || /\s/.test(whole[i]))).toBe(true)
    }
    expect(doc.tokens.source.at(-1)).toMatchObject({ id: 2, text: '</s>' })
    expect(doc.tokens.source.filter(({ id }) => id < 4)).toHaveLength(1)
  })

  it('takes a long text, as long as the model has positions', async () => {
    const long = folder.path('long')
    await makeModel(long, { max_positions: 600, encoder_layers: 1, decoder_layers: 1 })
    const text = 'x'.repeat(599)
    const args = ['see', '--json', '--beam', '1', '--site', 'encoder.0.self', '--head', '0', '--model', long]
    const doc = JSON.parse(await ok([...args, text])) as Document
    expect(doc.maps[0].weights.map((row) => row.length)).toEqual(Array(600).fill(600))
    for (const row of doc.maps[0].weights)
      expect(Math.abs(row.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6)
    await fails(1, [...args, `${text}x`], /601 tokens.*600 \(max_positions\)/)
  })
})

describe('in the terminal', () => {
  it('shows the translation, the alignment and the strongest links, without colour in a pipe', async () => {
    const stdout = await ok([sentence, '--model', model])
    expect(stdout).not.toContain('\x1b')
    expect(stdout).toContain('Decoder 0 reads the source · mean of 2 heads\n')
    expect(stdout).toContain('‿')
    const links = stdout.slice(stdout.indexOf('Strongest links\n')).split('\n').slice(1, -1)
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(link).toMatch(/^ {2}\S+ → \S+ (0\.\d\d|1\.00|<\.01)$/)
    expect(await ok(['see', sentence, '--model', model])).toBe(stdout)
  })

  it('fits 40 columns, and has colour only where it is wanted', async () => {
    const args = [sentence, '--model', model, '--site', 'encoder.*.self', '--head', '1']
    const narrow = await ok(args, { env: { COLUMNS: '40' } })
    expect(narrow).toContain('Encoder 1 reads itself · head 1')
    for (const line of narrow.split('\n')) expect([...line].length).toBeLessThanOrEqual(40)
    const coloured = await ok(args, { env: { COLUMNS: '40', FORCE_COLOR: '3' } })
    expect(coloured).toContain('\x1b[48;2;')
    expect(await ok(args, { env: { COLUMNS: '40', FORCE_COLOR: '3', NO_COLOR: '1' } })).toBe(narrow)
  })

  it('writes one map as a picture', async () => {
    const file = folder.path('map.svg')
    const ran = await heed([sentence, '--model', model, '--svg', file])
    expect(ran).toMatchObject({ code: 0, stderr: `wrote ${file}\n` })
    expect(await readFile(file, 'utf8')).toMatch(/^<svg [^]+Decoder 0 reads the source[^]+<\/svg>\s*$/)
    // The document still holds every map, the picture the one of the default.
    const json = await ok([sentence, '--model', model, '--json', '--head', '1', '--svg', file])
    expect((JSON.parse(json) as Document).maps).toHaveLength(6)
    expect(await readFile(file, 'utf8')).toContain('head 1')
  })

  it('writes the view asked for, as SVG and as PNG', async () => {
    const [svg, png] = [folder.path('view.svg'), folder.path('view.png')]
    const heads = ['--view', 'heads', '--theme', 'dark', '--site', '*.cross', '--head', '1']
    const ran = await heed([sentence, '--model', model, '--svg', svg, '--png', png, ...heads])
    expect(ran).toMatchObject({ code: 0, stderr: `wrote ${svg}\nwrote ${png}\n` })
    const picture = await readFile(svg, 'utf8')
    expect(picture).toContain('2 heads read')
    expect(picture).toContain('fill="#1a1a1e"')
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(picture)!
    const bytes = await readFile(png)
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([2 * Number(width), 2 * Number(height)])
    // A .png is a PNG file whichever option names it.
    await ok([sentence, '--model', model, '--view', 'lines', '--query', '0', '--svg', png])
    expect((await readFile(png)).equals(bytes)).toBe(false)
    expect((await readFile(png)).subarray(1, 4).toString()).toBe('PNG')
  })

  it('writes a page that holds all heads, and asks for nothing', async () => {
    const file = folder.path('page.html')
    const ran = await heed([sentence, '--model', model, '--html', file, '--json'])
    expect(ran).toMatchObject({ code: 0, stderr: `wrote ${file}\n` })
    // The document is the one without --html.
    const document = JSON.parse(ran.stdout) as Document
    expect(document).toEqual(JSON.parse(await ok([sentence, '--model', model, '--json'])))
    const html = await readFile(file, 'utf8')
    const [, json] = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)!
    const data = JSON.parse(json) as { heads: { site: string; head: number; q: number }[]; arrays: string[] }
    expect(data.heads.map(({ site, head }) => `${site}/${head}`).sort()).toEqual(
      document.maps.map(({ site, head }) => `${site}/${head}`).sort(),
    )
    const q = new Float32Array(new Uint8Array(Buffer.from(data.arrays[data.heads[0].q], 'base64')).buffer)
    expect(q).toHaveLength(8 * document.tokens.source.length)
    expect(html).toContain("default-src 'none'")
    expect(html.match(/@font-face/g)).toHaveLength(4)
    expect(html).not.toMatch(/\s(src|href)=/)
  })

  it('writes the arrays for NumPy, with q, k, m and l when asked', async () => {
    const file = folder.path('maps.npz')
    const names = async () => {
      const text = (await readFile(file)).toString('latin1')
      // Every file's name stands before its bytes and in the directory at the end.
      return [...new Set(Array.from(text.matchAll(/([\w.]+)\.npy/g), (match) => match[1]))]
    }
    const args = [sentence, '--model', model, '--npz', file]
    await ok(args)
    expect(await names()).toEqual(sites.flatMap((site) => [0, 1].map((head) => `${site}.${head}.weights`)))
    await ok([...args, '--site', 'encoder.0.self', '--head', '1', '--qk'])
    const all = ['weights', 'q', 'k', 'm', 'l', 'scale', 'lengths']
    expect(await names()).toEqual(all.map((what) => `encoder.0.self.1.${what}`))
    const one = folder.path('map.npy')
    await ok([sentence, '--model', model, '--site', 'encoder.0.self', '--npy', one])
    expect((await readFile(one)).subarray(1, 6).toString()).toBe('NUMPY')
    await fails(1, [sentence, '--model', model, '--head', '0', '--head', '1', '--npy', one], /one map, but 2/)
  })

  it('says before the work that a picture cannot be made', async () => {
    const args = [sentence, '--model', model, '--svg']
    const several = folder.path('several.svg')
    await fails(1, [...args, several, '--head', '0', '--head', '1'], /one map, but 2 were asked for/)
    await fails(1, [...args, several, '--site', 'encoder.*.self'], /one map, but 2 were asked for/)
    await fails(1, [...args, folder.path('none/map.svg')], /its folder does not exist/)
    const svg = folder.path('both.svg')
    await fails(1, [...args, svg, '--html', svg], /both\.svg: two results cannot go to one file/)
    await fails(1, [...args, model], /is a folder; name a file/)
    await fails(1, [...args, folder.path('map.pdf')], /a picture is \.svg or \.png/)
    await fails(1, [sentence, '--model', model, '--png', several], /--png writes a \.png/)
    await fails(
      1,
      [sentence, '--model', model, '--html', folder.path('none/a.html')],
      /its folder does not exist/,
    )
    await fails(2, [...args, several, '--view', 'pie'], /map, lines, text, heads/)
    await expect(readFile(several)).rejects.toThrow('ENOENT')
    await fails(1, [...args, several, '--view', 'lines', '--query', '99'], /no query 99/)
  })

  it('asks for the text, and for JSON when only JSON has it', async () => {
    await fails(1, ['', '--model', model], /the text is empty/)
    await fails(1, ['see', ' \n\t', '--model', model, '--json'], /the text is empty/)
    await fails(1, [sentence, '--qk', '--model', model], /--json/)
  })

  it('names the sites and heads there are', async () => {
    await fails(
      1,
      [sentence, '--model', model, '--site', 'encoder.7.self'],
      /'encoder\.7\.self'.*encoder\.0\.self.*decoder\.1\.cross/,
    )
    await fails(1, [sentence, '--model', model, '--head', '2', '--json'], /no head 2; heads are 0 to 1/)
    await fails(1, [sentence, '--model', model, '--site', '\x1b[2J\n'], /no site '␛\[2J/)
  })

  it('says that a layer was chosen only where one was', async () => {
    const tuned = folder.path('tuned')
    await makeModel(tuned)
    await writeFile(`${tuned}/generation_config.json`, '{"alignment_layer": 1}')
    const stdout = await ok([sentence, '--model', tuned])
    expect(stdout).toContain('Decoder 1 reads the source')
    expect(stdout).toContain('the layer that best finds copied words')
    expect(await ok([sentence, '--model', model])).toContain('a layer taken by default')
  })
})

describe('a model of one sequence', async () => {
  const gpt2 = folder.path('gpt2')
  await makeGpt2(gpt2)

  it('has the source alone in its document, and no output', async () => {
    const stdout = await ok(['see', 'the dog sees', '--json', '--qk', '--model', gpt2])
    const doc = JSON.parse(stdout) as Omit<Document, 'output'> & { output: null }
    expect(Object.keys(doc)).toEqual(['model', 'text', 'output', 'tokens', 'maps'])
    expect(doc.output).toBeNull()
    expect(Object.keys(doc.tokens)).toEqual(['source'])
    expect(doc.maps.map(({ site, head }) => `${site}/${head}`)).toEqual(
      ['layers.0.self', 'layers.1.self'].flatMap((site) => [`${site}/0`, `${site}/1`]),
    )
    const { length } = doc.tokens.source
    for (const { queries, keys, weights, causal, scale, q, ...map } of doc.maps) {
      expect([queries, keys, causal, scale]).toEqual(['source', 'source', { offset: 0 }, 1 / Math.sqrt(8)])
      expect(q!.map((row) => row.length)).toEqual(Array(length).fill(8))
      expect(map).not.toHaveProperty('lengths')
      weights.forEach((row, i) => {
        expect(row.length).toBe(length)
        expect(Math.abs(row.reduce((a, b) => a + b, 0) - 1)).toBeLessThanOrEqual(1e-6)
        expect(row.slice(i + 1).every((w) => w === 0)).toBe(true)
      })
    }
  })

  it('shows its last layer without a translation, and says so', async () => {
    const stdout = await ok(['the dog sees', '--model', gpt2])
    expect(stdout).toMatch(/^Layer 1 reads itself · mean of 2 heads\n/)
    expect(stdout).toContain('the last layer, taken by default')
    expect(stdout).toContain('Strongest links\n')
    const named = await ok(['the dog', '--model', gpt2, '--site', 'layers.0.self', '--head', '1'])
    expect(named).toMatch(/^Layer 0 reads itself · head 1\n/)
    const file = folder.path('layer.svg')
    await ok(['the dog', '--model', gpt2, '--svg', file])
    expect(await readFile(file, 'utf8')).toContain('Layer 1 reads itself')
  })

  it('says what it cannot do', async () => {
    await fails(1, ['the dog', '--model', gpt2, '--beam', '2'], /--beam is for models that translate/)
    await fails(1, ['the dog', '--model', gpt2, '--site', 'encoder.0.self'], /layers\.0\.self/)
    await fails(
      1,
      ['translate', 'the dog', '--model', gpt2],
      /gpt2 model; this command needs an encoder-decoder/,
    )
    await fails(1, ['x'.repeat(65), '--model', gpt2], /65 tokens.*64/)
  })
})
