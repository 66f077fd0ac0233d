/** Results as tables in Markdown, which read well in a terminal too. */
import { contenders as known } from './contender.mjs'
import { seconds, share, speedup, summary, targets } from './measures.mjs'

const percent = (s) => (s ? `${(100 * s.value).toFixed(0)} %` : '')
const times = (s) => (s ? `${s.value.toFixed(s.value < 10 ? 2 : 1)}×` : '')
const ms = (s) => {
  if (!s) return ''
  return s.value < 0.9995 ? `${(1000 * s.value).toPrecision(3)} ms` : `${s.value.toPrecision(3)} s`
}
const threeDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, minimumSignificantDigits: 3 })
const megabytes = (bytes) => (bytes === undefined ? '' : `${threeDigits.format(bytes / 2 ** 20)} MB`)

/** A table whose first column is left-aligned, all others right-aligned. */
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, c) => Math.max(3, ...all.map((row) => row[c].length)))
  const line = (row) =>
    `| ${row.map((cell, c) => (c ? cell.padStart(widths[c]) : cell.padEnd(widths[c]))).join(' | ')} |`
  const rule = `| ${widths.map((w, c) => (c ? '-'.repeat(w - 1) + ':' : '-'.repeat(w))).join(' | ')} |`
  return [line(all[0]), rule, ...all.slice(1).map(line)].join('\n')
}

/** Whether a contender has anything to show in a case. */
const shows = ({ results }, name) => results[name]?.seconds?.length || results[name]?.facts

/** The contenders that have anything to show in some cases. */
const present = (cases) => Object.keys(known).filter((name) => cases.some((work) => shows(work, name)))

/** heed's own variants as shares of the yardstick, the others by how many times heed is as fast with as many threads. */
function compared(cases, label) {
  const names = present(cases)
  const rival = (name) => (name.endsWith('2 threads') ? 'heed, 2 threads' : 'heed')
  const cell = (work, name) => {
    if (name === 'heed, 2 threads') return times(speedup(work, name, 'heed'))
    return name.startsWith('heed') ? percent(share(work, name)) : times(speedup(work, rival(name), name))
  }
  const head = ['', 'GFLOP/s', ...names.map((name) => (name.startsWith('heed') ? name : `heed / ${name}`))]
  const gflops = (work) => {
    const s = seconds(work, 'heed')
    return s ? (work.flop / s.value / 1e9).toFixed(1) : ''
  }
  return table(
    head,
    cases.map((work) => [label(work), gflops(work), ...names.map((name) => cell(work, name))]),
  )
}

/** Shares of the yardstick by the number of tokens. */
function linears(cases) {
  const parse = ({ id }) => id.match(/^linear (.*), (\d+) tokens, (.*)$/).slice(1)
  const [tokens, products] = [new Set(), new Map()]
  for (const work of cases) {
    const [widths, rows, of] = parse(work)
    tokens.add(rows)
    const name = `${widths}, ${of}`
    products.set(name, { ...products.get(name), [rows]: work })
  }
  const columns = [...tokens]
  return table(
    ['', ...columns.map((n) => `${n} tokens`)],
    [...products].map(([name, by]) => [name, ...columns.map((n) => percent(by[n] && share(by[n], 'heed')))]),
  )
}

/** What a rule makes of the time, beside the share of the work that it leaves. */
function rules(cases, others) {
  const full = (work) =>
    work.N === cases[0].N ? cases[0] : others.find(({ table, N }) => table === 'Attention' && N === work.N)
  const relative = (work) => {
    const ratio = speedup(full(work) ?? {}, 'heed', 'heed', work)
    return ratio ? percent(ratio) : ''
  }
  return table(
    ['', 'time', 'of the time without', 'of the work'],
    cases.map((work) => [
      `${work.variant}, N = ${work.N}`,
      ms(seconds(work, 'heed')),
      relative(work),
      `${(100 * work.work).toFixed(work.work < 0.1 ? 1 : 0)} %`,
    ]),
  )
}

function lengths(cases) {
  return table(
    ['N', 'time', 'GFLOP/s', 'of the yardstick', '2 threads'],
    cases.map((work) => {
      const s = seconds(work, 'heed')
      return [
        work.N.toLocaleString('en'),
        ms(s),
        s ? (work.flop / s.value / 1e9).toFixed(1) : '',
        percent(share(work, 'heed')),
        times(speedup(work, 'heed, 2 threads', 'heed')),
      ]
    }),
  )
}

/** Where the time of a step goes: kernels by their share of it. */
function profiles([work]) {
  const { parts: all, seconds: whole } = work.results.heed?.facts ?? { parts: [] }
  const small = all.filter(({ seconds: s }) => s < whole / 200)
  const parts = all.filter((part) => !small.includes(part))
  const total = small.reduce((sum, { seconds: s }) => sum + s, 0)
  if (small.length) parts.push({ name: `${small.length} others`, seconds: total })
  return table(
    ['', 'calls', 'time', 'of the step', 'of the yardstick'],
    parts.map(({ name, calls, seconds: s, share: of }) => [
      name,
      calls ?? '',
      `${(1000 * s).toFixed(1)} ms`,
      `${((100 * s) / whole).toFixed(1)} %`,
      of ? `${(100 * of).toFixed(0)} %` : '',
    ]),
  )
}

function memories(cases) {
  const names = present(cases)
  return table(
    ['N', 'N × N floats', ...names],
    cases.map((work) => [
      work.N,
      megabytes(4 * work.H * work.N ** 2),
      ...names.map((name) => megabytes(work.results[name]?.facts?.bytes)),
    ]),
  )
}

function byContender(cases) {
  const rows = cases.flatMap((work) =>
    work.contenders
      .filter((name) => shows(work, name))
      .map((name) => {
        const s = seconds(work, name)
        const tokens = work.tokens && !name.startsWith('memory read')
        const rates = [
          tokens && `${Math.round(work.tokens / s.value).toLocaleString('en')} tokens/s`,
          work.bytes && `${(work.bytes / s.value / 1e9).toFixed(1)} GB/s`,
        ]
        return [
          cases.length > 1 ? `${work.id}, ${name}` : name,
          ms(s),
          rates.filter(Boolean).join(', '),
          percent(work.flop && share(work, name)),
        ]
      }),
  )
  const used = [0, 1, 2, 3].filter((c) => c < 2 || rows.some((row) => row[c]))
  return table(
    used.map((c) => ['', 'time', 'rate', 'of the yardstick'][c]),
    rows.map((row) => used.map((c) => row[c])),
  )
}

const kinds = {
  'Products of a transformer': linears,
  Rules: rules,
  Length: lengths,
  'Where a training step goes': profiles,
}
const kindOf = (work) => {
  if (kinds[work.table]) return kinds[work.table]
  if (work.group === 'memory') return memories
  return work.group === 'gemm' || work.group === 'attention'
    ? (cases) => compared(cases, ({ x, id }) => x ?? id)
    : byContender
}

/** All tables by name, in the order of the cases. */
export function tables({ cases }) {
  const byName = new Map()
  for (const work of cases) byName.set(work.table, [...(byName.get(work.table) ?? []), work])
  return [...byName].map(([name, own]) => ({ name, text: kindOf(own[0])(own, cases) }))
}

const named = {
  share: (s) => `${(100 * s).toFixed(0)} %`,
  times: (s) => `${s.toFixed(2)}×`,
  s: (s) => `${(1000 * s).toFixed(0)} ms`,
}

/** Every target with what was measured, those that were missed first. */
export function targetTable(log) {
  const rows = targets(log).map(
    ({ work, by, against, inCase, as, unit, got, wanted, aim, met, of, holding }) => {
      const f = named[unit]
      const what =
        unit === 's'
          ? 'seconds'
          : against === 'yardstick'
            ? 'of the yardstick'
            : `as fast as ${as ?? (inCase ? 'the full one' : against)}`
      const which = of ? `the least of ${of} (${holding} hold): ${work.id}` : work.id
      const limit = `${unit === 's' ? '≤' : '≥'} ${f(wanted)}${aim ? `, aim ${f(aim)}` : ''}`
      const verdict = met === undefined ? 'not measured' : met ? 'met' : 'missed'
      const range = got ? `${f(got.value)} (${f(got.low)} to ${f(got.high)})` : ''
      return { verdict, row: [`${which}${by === 'heed' ? '' : `: ${by}`}, ${what}`, limit, range, verdict] }
    },
  )
  const order = ['missed', 'met', 'not measured']
  rows.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length
  return {
    text: table(
      ['', 'wanted', 'measured (quartiles)', ''],
      rows.map(({ row }) => row),
    ),
    count: rows.length,
    summary: `${count('met')} targets met, ${count('missed')} missed, ${count('not measured')} not measured`,
  }
}

/** One paragraph: what measured, when, and how quiet it was. */
export function conditions(log) {
  const { machine: m, date, rounds, clock, quick, load, yardstick, contenders } = log
  const gflops = (values) => (summary(values).value / 1e9).toFixed(1)
  const shared =
    load[0] > 1
      ? `; the machine was shared (load ${load.map((x) => x?.toFixed(1)).join(' before, ')} after)`
      : ''
  const versions = Object.entries(contenders).filter(
    ([name]) => known[name].peer && known[name].threads === 1,
  )
  const peers = versions.map(([name, version]) => `${name} ${version}`).join(', ')
  return (
    `heed ${m.heed}${m.commit ? ` (${m.commit})` : ''} on ${m.cpu}, ${m.cores} cores, Node ${m.node.slice(1)}, ${date.slice(0, 10)}${shared}. ` +
    `${quick ? 'Quick run, ' : ''}${rounds} rounds, ${clock === 'cpu' ? 'processor time' : 'time on the wall'}. ` +
    `Yardstick: ${gflops(yardstick.relaxed)} GFLOP/s with fused multiply-adds, ${gflops(yardstick.plain)} without.` +
    (peers ? ` Peers: ${peers}.` : '') +
    ` Of ${log.measurements} measurements ${log.repeated} were repeated because others disturbed the machine, and ${log.disturbed} count although they did.`
  )
}
