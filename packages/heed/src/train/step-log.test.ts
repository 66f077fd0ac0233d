import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { type MetricsRow, parseMetrics } from './metrics.js'
import { readRows, StepLog } from './step-log.js'

test('a log that a crash cut inside a character is read up to there', async () => {
  const dir = await mkdtemp(`${tmpdir()}/heed-log-`)
  try {
    const path = `${dir}/samples.jsonl`
    const row = Buffer.from('{"step":1,"samples":["groß"]}\n')
    await writeFile(path, Buffer.concat([row, row.subarray(0, row.indexOf('ß') + 1)]))
    expect((await readRows(path)).map(({ step }) => step)).toEqual([1])
    await StepLog.open(path, () => true)
    expect(await readFile(path)).toEqual(row)
    // Elsewhere it is damage, not a cut.
    await writeFile(path, Buffer.concat([row.subarray(0, row.indexOf('ß') + 1), Buffer.from('\n'), row]))
    await expect(readRows(path)).rejects.toMatchObject({ code: 'format' })
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('a log that goes on drops what is not to be kept, and a line that a crash cut', async () => {
  const dir = await mkdtemp(`${tmpdir()}/heed-log-`)
  try {
    const path = `${dir}/metrics.jsonl`
    const open = (last: number) => StepLog.open<MetricsRow>(path, ({ step }) => step <= last)
    const log = await open(0)
    for (const step of [1, 2, 3]) await log.write({ step, tokens: 10 * step, loss: 1 / step })
    await writeFile(path, `${await readFile(path, 'utf8')}{"step":4,"tok`)
    expect(parseMetrics(await readFile(path, 'utf8')).map((row) => row.step)).toEqual([1, 2, 3])
    await (await open(2)).write({ step: 3, tokens: 30, validLoss: 2 })
    expect(await readFile(path, 'utf8')).toBe(
      '{"step":1,"tokens":10,"loss":1}\n{"step":2,"tokens":20,"loss":0.5}\n{"step":3,"tokens":30,"validLoss":2}\n',
    )
  } finally {
    await rm(dir, { recursive: true })
  }
})
