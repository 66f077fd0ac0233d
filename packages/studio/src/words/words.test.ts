import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'svelte/compiler'
import { expect, it } from 'vitest'
import * as de from './de'
import * as en from './en'

const root = fileURLToPath(new URL('..', import.meta.url))
const components = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.svelte'))
  .sort()

/** Attributes that are read out or shown. */
const spoken = /^(aria-(label|roledescription|valuetext|description)|title|placeholder|alt|label|text)$/
/** The name of the project, kinds of files, names on the hub, elements and selectors. */
const allowed = new Set(['heed', 'PNG', 'HTML', 'org/name', 'span', 'button', 'input, textarea, select'])

const hasWord = (text: string) => /\p{L}{2,}/u.test(text) && !allowed.has(text.trim())
/** A string in code that can only be a sentence or a part of one: two words with a space between them. */
const isPhrase = (text: string) => /\p{L}{2,}[,.:;]? \p{L}{2,}/u.test(text) && !allowed.has(text)

/** As much of the parts of a component as is looked at. */
interface Node {
  type: string
  name: string
  data: string
  value: unknown
  consequent: Node
  alternate: Node
}

/** What a component says by itself: in its text, in spoken attributes, and in phrases of its code. */
function wordsIn(source: string): string[] {
  const { fragment, instance } = parse(source, { modern: true })
  const found: string[] = []
  /** In code a word alone is mostly no word at all, in other attributes nothing is. */
  const visit = (node: unknown, place: 'text' | 'code' | 'quiet'): void => {
    if (Array.isArray(node)) return node.forEach((part) => visit(part, place))
    if (typeof node !== 'object' || node === null || !('type' in node)) return
    const part = node as Node
    if (place === 'quiet' || part.type === 'StyleDirective') return
    const said = {
      Text: part.data,
      Literal: part.value,
      TemplateElement: (part.value as { cooked?: string } | undefined)?.cooked,
    }[part.type]
    if (typeof said === 'string' && (part.type === 'Text' ? hasWord : isPhrase)(said)) found.push(said.trim())
    if (part.type === 'ConditionalExpression' && place === 'text')
      for (const { value } of [part.consequent, part.alternate])
        if (typeof value === 'string' && hasWord(value) && !isPhrase(value)) found.push(value)
    const inside = part.type === 'Attribute' && !spoken.test(part.name) ? 'quiet' : place
    for (const [key, value] of Object.entries(part)) if (key !== 'metadata') visit(value, inside)
  }
  visit(fragment, 'text')
  visit(instance?.content, 'code')
  return found
}

it('finds words that stand in a component', () => {
  const source = `
    <script>
      const a = 'M 1 2'
      const b = c ? 'of all heads' : \`\${n} of them all\`
    </script>
    <!-- A comment with words -->
    <p class="lab quiet" aria-label="Spoken" style:width="{n} px of it">Shown {n} <b>heed</b> × {isOn ? 'on' : ''}</p>
    <Legend kind="strip" label="weight" />
    <style>p { font: 400 13px serif; }</style>`
  expect(wordsIn(source)).toEqual(['Spoken', 'Shown', 'on', 'weight', 'of all heads', 'of them all'])
})

it('all words stand in src/words: none in components', () => {
  const found = components.flatMap((file) =>
    wordsIn(readFileSync(root + file, 'utf8')).map((text) => `${file}: ${text}`),
  )
  expect(components.length).toBeGreaterThan(100)
  expect(found).toEqual([])
})

/** The paths of all that is said. */
const keysOf = (words: object, path = ''): string[] =>
  Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? keysOf(value, `${path}${key}.`)
      : [`${path}${key}`],
  )

it('German says all that English says', () => {
  expect(keysOf(de).sort()).toEqual(keysOf(en).sort())
})

it('shares and counts as each language writes them', () => {
  const shares = [0, 0.001, 0.005, 0.624, 1]
  expect(shares.map(en.numbers.percent)).toEqual(['0%', '<1%', '1%', '62%', '100%'])
  expect(shares.map(de.numbers.percent)).toEqual([
    '0\u00A0%',
    '<1\u00A0%',
    '1\u00A0%',
    '62\u00A0%',
    '100\u00A0%',
  ])
  expect([en.numbers.tenths(0.0361), de.numbers.tenths(0.0361)]).toEqual(['3.6%', '3,6\u00A0%'])
  expect([en.numbers.count(30_000), de.numbers.count(30_000)]).toEqual(['30,000', '30.000'])
})

it('attentions by name', () => {
  const sites = ['encoder.2.self', 'decoder.0.self', 'decoder.1.cross', 'layers.11.self']
  expect(sites.map(de.site.title)).toEqual([
    'Encoder 2 liest sich selbst',
    'Decoder 0 liest sich selbst',
    'Decoder 1 liest den Ausgangstext',
    'Schicht 11 liest sich selbst',
  ])
  expect(sites.map(de.site.kind)).toEqual([
    'Encoder, liest sich selbst',
    'Decoder, liest sich selbst',
    'Decoder, liest den Ausgangstext',
    'Schichten, lesen sich selbst',
  ])
  expect(sites.map(en.site.kind)).toEqual([
    'Encoder, reads itself',
    'Decoder, reads itself',
    'Decoder, reads the source',
    'Layers, read themselves',
  ])
})
