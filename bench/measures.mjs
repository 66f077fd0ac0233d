/** What follows from the measured times of a case. */
import { median } from './numbers.mjs'

/** Middle and quartiles of a list of numbers. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  if (sorted.length < 3) return { value: median(sorted), low: sorted[0], high: sorted.at(-1) }
  return { value: median(sorted), low: median(sorted.slice(0, half)), high: median(sorted.slice(-half)) }
}

const timesOf = (work, name) => {
  const result = work?.results[name]
  return result?.seconds?.length ? result : undefined
}

/** Seconds of a call; undefined when the contender took no part. */
export function seconds(work, name) {
  const times = timesOf(work, name)
  return times && summary(times.seconds)
}

/** FLOP/s as a share of the yardstick's, of the same moment. */
export function share(work, name) {
  const times = timesOf(work, name)
  return times && work.flop && summary(times.seconds.map((s, i) => work.flop / s / times.yardstick[i]))
}

/**
 * How many times as fast `name` is as `other`, round by round. Between cases, which are measured one after another,
 * times count in turns of the yardstick.
 */
export function speedup(work, name, other, otherWork = work) {
  const [a, b] = [timesOf(work, name), timesOf(otherWork, other)]
  if (!a || !b) return undefined
  const turns = (times, i) => times.seconds[i] * (work === otherWork ? 1 : times.yardstick[i])
  const rounds = Math.min(a.seconds.length, b.seconds.length)
  return summary(Array.from({ length: rounds }, (_, i) => turns(b, i) / turns(a, i)))
}

/** What was wanted of a case and what was measured; `got` and `met` are undefined where nothing was. */
function judged(work, { by = 'heed', against, inCase, as, least, most, aim }, cases) {
  if (most !== undefined) {
    const got = seconds(work, by)
    return { work, by, unit: 's', got, wanted: most, met: got && got.value <= most }
  }
  const unit = against === 'yardstick' ? 'share' : 'times'
  const other = inCase ? cases.find(({ id }) => id === inCase) : work
  const got = against === 'yardstick' ? share(work, by) : speedup(work, by, against, other)
  return { work, by, against, inCase, as, unit, got, wanted: least, aim, met: got && got.value >= least }
}

/** All targets, judged. Of those of a table that are meant together, the one that was missed by most, or met by least. */
export function targets({ cases }) {
  const alone = []
  const together = new Map()
  for (const work of cases)
    for (const target of work.targets) {
      const result = judged(work, target, cases)
      if (!target.together) alone.push(result)
      else if (result.got) together.set(work.table, [...(together.get(work.table) ?? []), result])
    }
  const worst = [...together.values()].map((results) => {
    const [least] = [...results].sort((a, b) => a.got.value - b.got.value)
    return { ...least, of: results.length, holding: results.filter(({ met }) => met).length }
  })
  return [...alone, ...worst]
}
