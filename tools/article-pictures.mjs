// The pictures of the article for where it does not run: node tools/article-pictures.mjs; needs a build.
import { writeFile } from 'node:fs/promises'
import { see } from 'heed/lens'
import { drawnMap, gridSvg, headGroups, linesSvg, mapSvg, textSvg } from 'heed/look'
import { loadModel } from 'heed/models'

const folder = new URL('../docs/article/pictures/', import.meta.url)
const write = (name, svg) => writeFile(new URL(`${name}.svg`, folder), svg)
const text = 'The elephant is very large.'

const describe = await loadModel('heed-describe')
const seen = await see(describe, text)
const [first] = seen.maps
const map = drawnMap(seen, first)
await write('map', mapSvg(map))
const query = map.queries.findIndex((token) => token.text.includes('elephant'))
await write(
  'row',
  textSvg({ ...map, title: 'How elephant divides its attention', note: undefined }, { query }),
)
const two = await see(describe, 'The small dog saw a large elephant.')
await write('map-two', mapSvg(drawnMap(two, two.maps[0])))
await write(
  'heads',
  gridSvg({
    title: `The ${seen.maps.length} heads of heed-describe`,
    note: text,
    // Of each head its largest weight.
    groups: headGroups(seen, ({ weights }) => Math.min(1, Math.max(...weights.flatMap((row) => [...row])))),
    measure: { name: 'largest weight', max: 1 },
  }),
)
describe.dispose()

const translator = await loadModel('heed-en-de')
const translated = await see(translator, text)
const site = `decoder.${translator.generation.alignmentLayer}.cross`
const heads = translated.maps.filter((head) => head.site === site)
/** Of all heads, cell by cell. */
const mean = heads[0].weights.map((row, i) =>
  Array.from(row, (_, j) =>
    Math.min(1, heads.reduce((sum, { weights }) => sum + weights[i][j], 0) / heads.length),
  ),
)
await write(
  'translation',
  linesSvg(drawnMap(translated, { ...heads[0], weights: mean }, `mean of ${heads.length} heads`), {
    layout: 'horizontal',
  }),
)
translator.dispose()
