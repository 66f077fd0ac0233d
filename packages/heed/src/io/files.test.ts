import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as fs from './files.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/heed-files-`)
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await rm(dir, { recursive: true })
})

const rejects = (work: Promise<unknown>, code: string, message: string) =>
  expect(work).rejects.toMatchObject({ name: 'HeedError', code, message })

test('bytes and texts come back, an empty file too', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i)
  await fs.writeFileAtomic(`${dir}/a.bin`, bytes)
  await fs.writeFileAtomic(`${dir}/a.txt`, 'größer 🐘\n')
  await fs.writeFileAtomic(`${dir}/empty`, '')
  expect(await fs.readFile(`${dir}/a.bin`)).toEqual(bytes)
  expect(await fs.readText(`${dir}/a.txt`)).toBe('größer 🐘\n')
  expect(await fs.readText(`${dir}/empty`)).toBe('')
  await fs.writeFileAtomic(`${dir}/a.txt`, 'new')
  expect(await fs.readText(`${dir}/a.txt`)).toBe('new')
  expect((await readdir(dir)).sort()).toEqual(['a.bin', 'a.txt', 'empty'])
})

test('a file whose size the system gives as 0 is read to its end', async () => {
  vi.stubGlobal('process', {
    getBuiltinModule: () => ({
      open: async () => ({
        stat: async () => ({ size: 0 }),
        readFile: async () => Uint8Array.of(1, 2, 3),
        close: async () => undefined,
      }),
    }),
  })
  expect(await fs.readFile('/dev/stdin')).toEqual(Uint8Array.of(1, 2, 3))
})

test('what is not UTF-8 is named with its offset', async () => {
  await writeFile(`${dir}/latin1.txt`, Uint8Array.of(0x67, 0x72, 0xf6, 0xdf))
  await rejects(
    fs.readText(`${dir}/latin1.txt`),
    'format',
    `${dir}/latin1.txt: not UTF-8 at byte 2 (0xf6); save it as UTF-8`,
  )
})

test('what is missing', async () => {
  await writeFile(`${dir}/file`, 'x')
  await rejects(fs.readFile(`${dir}/no`), 'not-found', `${dir}/no: does not exist; check the path`)
  await rejects(fs.readFile(''), 'not-found', '"": does not exist; check the path')
  await rejects(fs.listFolders(`${dir}/no`), 'not-found', `${dir}/no: does not exist; check the path`)
  await rejects(
    fs.writeFileAtomic(`${dir}/no/a`, ''),
    'not-found',
    `${dir}/no/a: its folder does not exist; make it first`,
  )
  await rejects(
    fs.readFile(`${dir}/file/a`),
    'not-found',
    `${dir}/file/a: a part of the path is a file, not a folder; check the path`,
  )
})

test('a folder is not a file, a file not a folder', async () => {
  await writeFile(`${dir}/file`, 'x')
  await rejects(fs.readFile(dir), 'input', `${dir}: is a folder; name a file`)
  await rejects(fs.makeFolder(`${dir}/file`), 'input', `${dir}/file: is a file already; name another folder`)
})

test('a write that fails leaves neither a temporary file nor a changed one', async () => {
  await mkdir(`${dir}/taken/inside`, { recursive: true })
  await rejects(fs.writeFileAtomic(`${dir}/taken`, 'x'), 'input', `${dir}/taken: is a folder; name a file`)
  expect(await readdir(dir)).toEqual(['taken'])
})

test('a link stays a link, and a device a device', async () => {
  await writeFile(`${dir}/file`, 'old')
  await symlink(`${dir}/file`, `${dir}/link`)
  await fs.writeFileAtomic(`${dir}/link`, 'new')
  expect(await fs.readText(`${dir}/file`)).toBe('new')
  expect((await lstat(`${dir}/link`)).isSymbolicLink()).toBe(true)
  await symlink('/dev/null', `${dir}/null`)
  await rejects(fs.writeFileAtomic(`${dir}/null`, 'x'), 'input', `${dir}/null: is a device; name a file`)
  expect((await readdir(dir)).sort()).toEqual(['file', 'link', 'null'])
})

test.each([
  ['ENOSPC', 'the disk is full; free some space and try again'],
  ['EACCES', 'permission denied; check the rights of the file and its folder'],
  ['EIO', 'cannot write it: "EIO: odd"'],
])('%s while writing: told in one line, the temporary file removed', async (code, reason) => {
  const removed: string[] = []
  vi.stubGlobal('process', {
    getBuiltinModule: () => ({
      stat: () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' })),
      open: async () => ({
        writeFile: () => Promise.reject(Object.assign(new Error(`${code}: odd`), { code })),
        close: async () => undefined,
      }),
      rm: async (path: string) => void removed.push(path),
    }),
  })
  await rejects(fs.writeFileAtomic('models/x', 'x'), 'input', `models/x: ${reason}`)
  expect(removed).toHaveLength(1)
  expect(removed[0]).toMatch(/^models\/x\..+\.tmp$/)
})

test.skipIf(process.getuid?.() === 0)('a file without read permission', async () => {
  await writeFile(`${dir}/secret`, 'x')
  await chmod(`${dir}/secret`, 0)
  await rejects(
    fs.readFile(`${dir}/secret`),
    'input',
    `${dir}/secret: permission denied; check the rights of the file and its folder`,
  )
})

test('a file too large for memory', async () => {
  vi.stubGlobal('process', {
    getBuiltinModule: () => ({
      open: async () => ({ stat: async () => ({ size: 2 ** 52 }), close: async () => undefined }),
    }),
  })
  await expect(fs.readFile('huge')).rejects.toMatchObject({ code: 'memory' })
})

test('a staged file appears only when committed', async () => {
  const kept = await fs.stageFile(`${dir}/kept`, 'x')
  const dropped = await fs.stageFile(`${dir}/dropped`, 'x')
  expect(await fs.exists(`${dir}/kept`)).toBe(false)
  await kept.commit()
  await kept.discard()
  await dropped.discard()
  expect(await readdir(dir)).toEqual(['kept'])
})

test('exists, makeFolder, listFolders, removeFile', async () => {
  await fs.makeFolder(`${dir}/b/deep`)
  await fs.makeFolder(`${dir}/b`)
  await fs.makeFolder(`${dir}/a`)
  await writeFile(`${dir}/file`, '')
  await symlink(`${dir}/b`, `${dir}/link`)
  await symlink(`${dir}/gone`, `${dir}/broken`)
  expect(await fs.listFolders(dir)).toEqual(['a', 'b', 'link'])
  expect(await fs.exists(`${dir}/file`)).toBe(true)
  expect(await fs.exists(`${dir}/a`)).toBe(true)
  expect(await fs.exists(`${dir}/file/x`)).toBe(false)
  await fs.removeFile(`${dir}/file`)
  await fs.removeFile(`${dir}/file`)
  expect(await fs.exists(`${dir}/file`)).toBe(false)
})

test('a browser is told what to do', async () => {
  const message = 'a.txt: files need Node 20.16 or later; in a browser, fetch the bytes and parse those'
  vi.stubGlobal('process', undefined)
  await rejects(fs.readFile('a.txt'), 'unsupported', message)
  await rejects(fs.writeFileAtomic('a.txt', ''), 'unsupported', message)
  await rejects(fs.exists('a.txt'), 'unsupported', message)
})
