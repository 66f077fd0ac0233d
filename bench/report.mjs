import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plotFiles, plots } from './plots.mjs'
import { conditions, tables, targetTable } from './tables.mjs'

const docs = fileURLToPath(new URL('../docs/', import.meta.url))

/** Prints tables, writes plots beside the results and, if wanted, both into docs/performance.md. */
export async function report(log, { json, docs: intoDocs }) {
  const about = conditions(log)
  const goals = targetTable(log)
  const all = tables(log)
  console.log(`${about}\n`)
  for (const { name, text } of all) console.log(`${name}\n\n${text}\n`)
  if (goals.count) console.log(`${goals.text}\n\n${goals.summary}`)
  await writePlots(log, about, dirname(json))
  if (!intoDocs) return
  const pictures = await writePlots(log, about, join(docs, 'performance'))
  writeFileSync(join(docs, 'performance', 'results.json'), JSON.stringify(log) + '\n')
  await writeSections(join(docs, 'performance.md'), {
    conditions: about,
    targets: `${goals.text}\n\n${goals.summary}.`,
    ...Object.fromEntries(plotFiles.map((file) => [file, pictures[file] ?? 'Not measured in this run.'])),
    ...Object.fromEntries(all.map(({ name, text }) => [name, text])),
  })
}

/** Gives the Markdown of each picture by its file. */
async function writePlots(log, about, folder) {
  const { plotSvg } = await import('heed/look')
  mkdirSync(folder, { recursive: true })
  const drawn = plots(log, about)
  for (const { file, plot } of drawn) writeFileSync(join(folder, file), plotSvg(plot))
  return Object.fromEntries(drawn.map(({ file, plot }) => [file, `![${plot.title}](performance/${file})`]))
}

/** Puts each section between its marks, `<!-- bench: name -->` and `<!-- end -->`; sections without a mark are left out. */
async function writeSections(file, sections) {
  let text = readFileSync(file, 'utf8')
  for (const [name, content] of Object.entries(sections)) {
    const [start, end] = [`<!-- bench: ${name} -->`, '<!-- end -->']
    const from = text.indexOf(start)
    if (from < 0) continue
    text = `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(text.indexOf(end, from))}`
  }
  const { format, resolveConfig } = await import('prettier')
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }))
}
