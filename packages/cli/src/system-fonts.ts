import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the systems keep their fonts. */
function folders(): string[] {
  const home = homedir()
  if (process.platform === 'darwin')
    return ['/System/Library/Fonts', '/Library/Fonts', join(home, 'Library/Fonts')]
  if (process.platform === 'win32') {
    const own = join(home, 'AppData/Local/Microsoft/Windows/Fonts')
    return [join(process.env.WINDIR ?? 'C:\\Windows', 'Fonts'), own]
  }
  return [
    '/usr/share/fonts',
    '/usr/local/share/fonts',
    join(home, '.local/share/fonts'),
    join(home, '.fonts'),
  ]
}

/** Larger files hold colour bitmaps, which are no outlines. */
const LARGEST = 64 * 2 ** 20

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await file.read(bytes, 0, length, position)
  return bytes.subarray(0, bytesRead)
}

/** Which of the code points a `cmap` table maps to a glyph (formats 4 and 12, which all fonts of today have). */
export function mapped(cmap: Buffer, points: readonly number[]): number[] {
  const found = new Set<number>()
  for (let i = 0; i < cmap.readUInt16BE(2); i++) {
    const at = cmap.readUInt32BE(4 + 8 * i + 4)
    const format = cmap.readUInt16BE(at)
    const ranges: [number, number][] = []
    if (format === 4) {
      const twice = cmap.readUInt16BE(at + 6)
      for (let s = 0; s < twice; s += 2)
        ranges.push([cmap.readUInt16BE(at + 16 + twice + s), cmap.readUInt16BE(at + 14 + s)])
    } else if (format === 12) {
      const count = cmap.readUInt32BE(at + 12)
      for (let g = 0; g < count; g++)
        ranges.push([cmap.readUInt32BE(at + 16 + 12 * g), cmap.readUInt32BE(at + 20 + 12 * g)])
    }
    for (const point of points)
      if (point !== 0xffff && ranges.some(([first, last]) => first <= point && point <= last))
        found.add(point)
  }
  return [...found]
}

/** Which of the code points the first font of a file has, as outlines. Of a file that is no font: none. */
async function covered(path: string, points: readonly number[]): Promise<number[]> {
  const file = await open(path)
  try {
    if ((await file.stat()).size > LARGEST) return []
    const start = await read(file, 0, 16)
    // A collection begins with a list of its fonts.
    const offset = start.toString('latin1', 0, 4) === 'ttcf' ? start.readUInt32BE(12) : 0
    const count = (await read(file, offset, 6)).readUInt16BE(4)
    const directory = await read(file, offset + 12, 16 * count)
    const tables = new Map<string, { position: number; length: number }>()
    for (let at = 0; at < directory.length; at += 16)
      tables.set(directory.toString('latin1', at, at + 4), {
        position: directory.readUInt32BE(at + 8),
        length: directory.readUInt32BE(at + 12),
      })
    const cmap = tables.get('cmap')
    if (!cmap || cmap.length > LARGEST || !['glyf', 'CFF ', 'CFF2'].some((name) => tables.has(name)))
      return []
    return mapped(await read(file, cmap.position, cmap.length), points)
  } catch {
    return [] // damaged, or of a format that is not read here: as if it were not there
  } finally {
    await file.close()
  }
}

/**
 * Fonts of this machine that have what is missing, as few as do: the one with most of it first, of equals a plain one.
 *
 * @param points code points
 */
export async function systemFonts(points: readonly number[]): Promise<Uint8Array[]> {
  const found: { path: string; has: number[] }[] = []
  for (const folder of folders())
    for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
      if (!/\.(ttf|otf|ttc|otc)$/i.test(name)) continue
      const path = join(folder, name)
      const has = await covered(path, points).catch(() => [])
      if (has.length > 0) found.push({ path, has })
    }
  const fancy = ({ path }: { path: string }) =>
    Number(/bold|italic|oblique|light|thin|black|condensed|serif/i.test(path)) - Number(/sans/i.test(path))
  found.sort((a, b) => fancy(a) - fancy(b) || a.path.length - b.path.length)
  const chosen: string[] = []
  const left = new Set(points)
  for (;;) {
    const gain = ({ has }: { has: number[] }) => has.filter((point) => left.has(point)).length
    const best = found.reduce((best, font) => (gain(font) > gain(best) ? font : best), {
      path: '',
      has: [] as number[],
    })
    if (gain(best) === 0) break
    chosen.push(best.path)
    for (const point of best.has) left.delete(point)
  }
  return Promise.all(chosen.map((path) => readFile(path)))
}
