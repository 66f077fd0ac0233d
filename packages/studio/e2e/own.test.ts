import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { headline, newPage, onPage, params, seriousViolations, useBrowser } from './browser'

useBrowser()

const shipped = fileURLToPath(new URL('../../../models/heed-describe/', import.meta.url))
const own = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
let root = ''

/** A folder with the files of a model, and what is done to them. */
async function folder(name: string, change: (folder: string) => Promise<unknown> = async () => {}) {
  const made = join(root, name)
  await mkdir(made, { recursive: true })
  const there = await readdir(shipped)
  for (const file of own.filter((file) => there.includes(file))) await cp(shipped + file, join(made, file))
  await change(made)
  return made
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-own-'))
})
afterAll(() => rm(root, { recursive: true }))

async function whole(page: Page): Promise<void> {
  await page.waitForSelector('#step-7', { timeout: 20_000 })
  await page.waitForSelector('[aria-busy="false"]')
  await page.evaluate(async () => {
    for (let frame = 0; frame < 12; frame++) await new Promise((next) => requestAnimationFrame(next))
  })
}
const cells = (page: Page) => page.locator('[role=gridcell]').allTextContents()
const openMenu = (page: Page) => page.getByRole('button', { name: /^Model:/ }).click()
/** Chooses a folder with the menu's button. */
async function choose(page: Page, path: string): Promise<void> {
  await openMenu(page)
  await page.getByLabel('Open a folder').setInputFiles(path)
}

/** As a file manager drops them: what is dragged over the page, and let go. */
async function drag(page: Page, files: readonly string[], ...types: ('dragEnter' | 'dragOver' | 'drop')[]) {
  const cdp = await page.context().newCDPSession(page)
  for (const type of types)
    await cdp.send('Input.dispatchDragEvent', {
      type,
      x: 600,
      y: 400,
      data: { items: [], files: [...files], dragOperationsMask: 1 },
    })
}

describe('a folder of this machine', () => {
  it('opens with the button, gives the numbers of the same model, and again after a reload', async () => {
    const mine = await folder('mine')
    await onPage('#/step?model=heed-describe&text=The+small+dog+sleeps.', async (page) => {
      await whole(page)
      const [title, expected] = [await headline(page), await cells(page)]
      await page.getByRole('switch').first().focus()
      await choose(page, mine)
      await expect.poll(() => params(page).model).toBe('./mine')
      await whole(page)
      await expect.poll(() => cells(page)).toEqual(expected)
      await openMenu(page)
      const entry = page.getByRole('button', { name: './mine' }).last()
      expect(await entry.getAttribute('aria-pressed')).toBe('true')
      expect(await entry.textContent()).toMatch(/MB\s*A folder of this machine/)
      expect(await page.getByRole('button', { name: /^heed-en-de/ }).count()).toBe(1)
      expect(await seriousViolations(page)).toEqual([])
      await page.keyboard.press('Escape')

      await page.reload()
      await page.getByRole('heading', { name: 'mine is to be opened again' }).waitFor()
      expect(await seriousViolations(page)).toEqual([])
      await page.getByLabel('Open a folder').setInputFiles(mine)
      await whole(page)
      expect(await headline(page)).toBe(title)
      expect(params(page).text).toBe('The small dog sleeps.')
    })
  })

  it('is dropped anywhere, as a folder or as its files', async () => {
    const [mine, loose] = [await folder('dropped'), await folder('loose')]
    await writeFile(join(root, 'cat.png'), 'no picture')
    await onPage('#/learn', async (page) => {
      await page.waitForSelector('article')
      await drag(page, [mine], 'dragEnter', 'dragOver')
      await page.getByText('Drop the model here').waitFor()
      await drag(page, [mine], 'drop')
      await expect.poll(() => params(page).model).toBe('./dropped')
      expect(await page.getByText('Drop the model here').count()).toBe(0)
      await page.getByRole('link', { name: 'Step by step' }).first().click()
      await whole(page)

      const files = own.slice(0, 3).map((file) => join(loose, file))
      await drag(page, files, 'dragEnter', 'dragOver', 'drop')
      await expect.poll(() => params(page).model).toMatch(/^\.\/(?!dropped)/)
      await whole(page)

      await drag(page, [join(root, 'cat.png')], 'dragEnter', 'dragOver', 'drop')
      await page.getByRole('heading', { name: 'There is no model in it' }).waitFor()
      await page.getByRole('button', { name: 'Close' }).click()
      await whole(page)
    })
  })

  it('what is missing or wrong is said, with what to do', async () => {
    const without = (name: string) => (made: string) => rm(join(made, name))
    const broken: [string, RegExp][] = [
      [await folder('no-config', without('config.json')), /no config\.json.*open the folder that holds it/],
      [await folder('no-tokenizer', without('tokenizer.json')), /no tokenizer\.json.*save_pretrained/],
      [
        await folder('pickled', async (made) => {
          await rm(join(made, 'model.safetensors'))
          await writeFile(join(made, 'pytorch_model.bin'), 'pickled')
        }),
        /pytorch_model\.bin holds weights in a format.*safe_serialization=True/,
      ],
      [
        await folder('cut', async (made) => {
          const file = join(made, 'model.safetensors')
          await writeFile(file, (await readFile(file)).subarray(0, 100_000))
        }),
        /model\.safetensors.*cut short, get it again/,
      ],
    ]
    await onPage('#/step', async (page) => {
      await whole(page)
      for (const [path, message] of broken) {
        await choose(page, path)
        await page.getByRole('heading', { name: 'did not open' }).waitFor()
        await expect.poll(() => page.locator('.page-state .notice').textContent()).toMatch(message)
      }
      await page.locator('.page-state').getByRole('button', { name: 'heed-en-de' }).click()
      await whole(page)
    })
  })
})

describe('the hub', () => {
  const hash = (name: string, ...parts: (string | Uint8Array)[]) =>
    parts.reduce((sum, part) => sum.update(part), createHash(name)).digest('hex')
  const commit = 'c'.repeat(40)

  /** The hub as far as a page asks it; `hold` keeps the weights back until it is called. */
  async function serveHub(context: BrowserContext, isCut = false) {
    const files = new Map<string, Buffer>()
    for (const name of own) files.set(name, await readFile(shipped + name).catch(() => Buffer.from('{}')))
    let go = () => {}
    const held = new Promise<void>((resolve) => (go = resolve))
    const asked: string[] = []
    await context.route('https://huggingface.co/**', async (route) => {
      const { pathname } = new URL(route.request().url())
      asked.push(pathname)
      const headers = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }
      if (pathname.startsWith('/api/models/org/tiny/')) {
        const siblings = [...files].map(([rfilename, bytes]) => ({
          rfilename,
          size: bytes.length,
          ...(rfilename.endsWith('.safetensors')
            ? { blobId: 'b'.repeat(40), lfs: { sha256: hash('sha256', bytes) } }
            : { blobId: hash('sha1', `blob ${bytes.length}\0`, bytes) }),
        }))
        return route.fulfill({ headers, json: { sha: commit, siblings } })
      }
      const bytes = files.get(pathname.split(`/resolve/${commit}/`)[1])
      if (!pathname.startsWith('/org/tiny/') || !bytes) return route.fulfill({ headers, status: 404 })
      if (pathname.endsWith('.safetensors')) await held
      return route.fulfill({ headers, body: isCut ? bytes.subarray(0, bytes.length / 2) : bytes })
    })
    return { go, asked }
  }

  it('a name is typed; what comes is counted, can be stopped, and is kept', async () => {
    const { page, complaints } = await newPage()
    const { go, asked } = await serveHub(page.context())
    await page.goto(`${inject('studio')}#/step`)
    await whole(page)
    const ask = async () => {
      await openMenu(page)
      await page.getByPlaceholder('org/name').fill('org/tiny')
      await page.keyboard.press('Enter')
    }
    await ask()
    await page.getByText('Downloading org/tiny from the Hugging Face hub').waitFor()
    await expect
      .poll(() => page.locator('.coming[role=status]').textContent())
      .toMatch(/[\d.]+ MB of [\d.]+ MB have come/)
    await page.locator('.coming[role=status]').getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => params(page).model).toBeUndefined()
    await whole(page)

    await ask()
    go()
    await expect
      .poll(() => page.getByRole('button', { name: /^Model:/ }).textContent())
      .toMatch(/org\/tiny\s*[\d.]+ [kM]/)
    await whole(page)
    asked.length = 0
    await page.reload()
    await whole(page)
    expect(asked).toEqual(['/api/models/org/tiny/revision/main'])
    // The hub is asked because somebody asked for its model.
    expect(complaints.filter((said) => !said.startsWith('request: https://huggingface.co/'))).toEqual([])
    await page.context().close()
  })

  it('a download that ends half-way, and a model that there is not', async () => {
    const { page } = await newPage()
    const { go, asked } = await serveHub(page.context(), true)
    go()
    await page.goto(`${inject('studio')}#/step?model=org%2Ftiny`)
    await page.getByRole('heading', { name: 'org/tiny did not open' }).waitFor()
    expect(await page.locator('.page-state .notice').textContent()).toMatch(/came damaged.*try again/)
    // Asked once: those who waited for the model do not begin anew.
    expect(asked.filter((path) => path.startsWith('/api/'))).toHaveLength(1)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => asked.filter((path) => path.startsWith('/api/')).length).toBe(2)
    await page.goto(`${inject('studio')}#/step?model=org%2Fnothing`)
    await page.getByText('the hub has no such model').waitFor()
    await page.locator('.page-state').getByRole('button', { name: 'heed-en-de' }).click()
    await whole(page)
    await page.context().close()
  })
})

describe('what is saved', () => {
  async function take(page: Page, name: string) {
    await page.getByRole('button', { name: 'Share or save this view' }).click()
    const [given] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name, exact: true }).click(),
    ])
    await page.keyboard.press('Escape')
    return { file: given.suggestedFilename(), bytes: await readFile(await given.path()) }
  }

  it('a picture as SVG, as PNG of twice its size, and as a page with the numbers in it', () =>
    onPage('#/step', async (page) => {
      await whole(page)
      const svg = await take(page, 'Save the map as SVG')
      const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg.bytes.toString())!
      const png = await take(page, 'Save the map as PNG')
      expect(png.file).toBe(svg.file.replace('.svg', '.png'))
      expect(png.bytes.subarray(1, 4).toString()).toBe('PNG')
      expect([png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)]).toEqual([2 * +width, 2 * +height])

      // Its words are there: where the title stands is more than paper.
      const colours = await page.evaluate(async (data) => {
        const image = new Image()
        image.src = `data:image/png;base64,${data}`
        await image.decode()
        const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 100 })
        const context = canvas.getContext('2d')!
        context.drawImage(image, 0, 0)
        return new Set(new Uint32Array(context.getImageData(0, 0, 800, 100).data.buffer)).size
      }, png.bytes.toString('base64'))
      expect(colours).toBeGreaterThan(8)

      const html = await take(page, 'Save the map as HTML')
      const csv = await take(page, 'Save the numbers as CSV')
      const path = join(root, html.file)
      await writeFile(path, html.bytes)
      const other = await newPage()
      await other.page.goto(pathToFileURL(path).href)
      expect(await other.page.title()).toMatch(/head \d · heed$/)
      await other.page.locator('svg[role=img]').waitFor()
      const [given] = await Promise.all([
        other.page.waitForEvent('download'),
        other.page.getByRole('link', { name: 'Save the numbers as CSV' }).click(),
      ])
      expect(given.suggestedFilename()).toBe(csv.file)
      expect(await readFile(await given.path(), 'utf8')).toBe(csv.bytes.toString())
      expect(other.complaints).toEqual([])
      await other.page.context().close()
    }))

  it('all heads as a page to explore', () =>
    onPage('#/step', async (page) => {
      await whole(page)
      const { file, bytes } = await take(page, 'Save all heads as a page to explore (HTML)')
      await writeFile(join(root, file), bytes)
      const other = await newPage()
      await other.page.goto(pathToFileURL(join(root, file)).href)
      await expect.poll(() => other.page.locator('#heads button').count()).toBeGreaterThan(11)
      expect(other.complaints).toEqual([])
      await other.page.context().close()
    }))

  it.each(['heads', 'write', 'words'])('every picture of the page %s', (name) =>
    onPage(`#/${name}`, async (page) => {
      await page.getByRole('button', { name: 'Share or save this view' }).click()
      const svgs = page.getByRole('button', { name: / as SVG$/ })
      await expect.poll(() => svgs.count(), { timeout: 20_000 }).toBeGreaterThan(0)
      // Pictures and numbers of a page come as their answers do.
      for (const text of await svgs.allTextContents())
        for (const kind of ['PNG', 'HTML'])
          expect(await page.getByRole('button', { name: text.trim().replace('SVG', kind) }).count()).toBe(1)
      await expect.poll(() => page.getByRole('button', { name: / as JSON$/ }).count()).toBeGreaterThan(0)
      await expect.poll(() => page.getByRole('button', { name: / as CSV$/ }).count()).toBeGreaterThan(0)
      expect(await seriousViolations(page)).toEqual([])
    }),
  )
})

describe('the rows of a step', () => {
  it('are gone through with the keys: what is come to is pointed at, Enter takes it', () =>
    onPage('#/step', async (page) => {
      await whole(page)
      const rows = page.locator('#step-4 [data-row]')
      const chosen = page.locator('#step-4 [data-row][aria-pressed=true]')
      expect(await chosen.count()).toBe(1)
      const at = Number(await chosen.getAttribute('data-row'))
      await chosen.focus()
      const step = at > 0 ? -1 : 1
      await page.keyboard.press(step < 0 ? 'ArrowUp' : 'ArrowDown')
      const next = rows.nth(at + step)
      expect(await next.evaluate((row) => row === document.activeElement)).toBe(true)
      await page.keyboard.press('Enter')
      await expect.poll(() => params(page).k).toBe(String(at + step))
      await expect.poll(() => next.getAttribute('aria-pressed')).toBe('true')
    }))
})
