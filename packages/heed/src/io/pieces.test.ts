import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { coded } from '../testing/index.js'
import { dtypeBytes, type SafeDType } from './dtypes.js'
import type { OpenFile } from './files.js'
import { readPieces } from './pieces.js'
import { openSafetensors, parseSafetensors, type TensorToWrite, writeSafetensors } from './safetensors.js'

/** A file in memory that counts what is read. */
function fileOf(bytes: Uint8Array): OpenFile & { reads: number[] } {
  const reads: number[] = []
  return {
    size: bytes.length,
    reads,
    async read(position, into) {
      reads.push(into.length)
      into.set(bytes.subarray(position, position + into.length))
    },
    close: async () => undefined,
  }
}

const tensor = (name: string, dtype: SafeDType, length: number, seed = 1): TensorToWrite => ({
  name,
  dtype,
  shape: [length],
  data: Uint8Array.from({ length: length * dtypeBytes[dtype] }, (_, i) => (i * 31 + seed) % 251),
})

async function joined(file: Uint8Array, names?: readonly string[]): Promise<Record<string, Uint8Array>> {
  const stored = await openSafetensors(fileOf(file), 'm')
  const out: Record<string, Uint8Array> = {}
  for (const [name, { start, end }] of stored) out[name] = new Uint8Array(end - start)
  const wanted = [...stored].filter(([name]) => !names || names.includes(name))
  for await (const { name, tensor, first, length, bytes } of readPieces(wanted)) {
    const size = dtypeBytes[tensor.dtype]
    expect(bytes.length).toBe(length * size)
    out[name].set(bytes, first * size)
  }
  return out
}

test('pieces put together are the tensors, also those that need several reads and those left out', async () => {
  const file = writeSafetensors([
    tensor('large', 'F32', 2_500_000),
    tensor('odd', 'U8', 3),
    tensor('half', 'F16', 2_100_001, 7),
    tensor('none', 'F32', 0),
    tensor('wide', 'F64', 600_000, 3),
  ])
  const whole = parseSafetensors(file, 'm')
  const read = await joined(file)
  for (const [name, { bytes }] of whole) expect([name, Buffer.compare(read[name], bytes)]).toEqual([name, 0])
  const some = await joined(file, ['wide', 'odd'])
  expect(Buffer.compare(some.wide, whole.get('wide')!.bytes)).toBe(0)
  expect(some.odd).toEqual(whole.get('odd')!.bytes)
  expect(some.large.every((byte) => byte === 0)).toBe(true)
})

test('small tensors share a read', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `t${i}`)
  const file = fileOf(writeSafetensors(names.map((name) => tensor(name, 'F32', 10))))
  let pieces = 0
  for await (const _ of readPieces(await openSafetensors(file, 'm'))) pieces++
  expect(pieces).toBe(200)
  expect(file.reads).toHaveLength(3) // the header's length, the header, the tensors
})

test('a header is checked as that of a file in memory is', async () => {
  const good = writeSafetensors([tensor('a', 'F32', 3), tensor('b', 'I64', 2)])
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
      const bytes = cut ? good.slice(0, at) : good.slice()
      if (!cut) bytes[at] = byte
      let expected: unknown
      try {
        expected = [...parseSafetensors(bytes, 'm').keys()]
      } catch (error) {
        expected = (error as Error).message
      }
      const opened = openSafetensors(fileOf(bytes), 'm')
      expect(
        await opened.then((tensors) => [...tensors.keys()]).catch((error: Error) => error.message),
      ).toEqual(expected)
    }),
  )
})

test('a caller that stops is heard between reads', async () => {
  const stored = await openSafetensors(fileOf(writeSafetensors([tensor('w', 'U8', 9_000_000)])), 'm')
  const controller = new AbortController()
  const work = async () => {
    for await (const _ of readPieces(stored, controller.signal)) controller.abort()
  }
  await expect(work()).rejects.toThrow(coded('aborted'))
})
