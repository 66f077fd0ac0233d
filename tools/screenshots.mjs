/**
 * Pictures of the studio: every view at 1440, 768 and 390 pixels, light and dark, into a folder that is named, to be looked
 * at; without one, those that README and docs show, into docs/pictures. Needs a build and Chromium (CHROMIUM, /usr/bin/chromium).
 *
 *     node tools/screenshots.mjs [folder] [--only heads,words]
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openStudio } from './studio.mjs'

/** A view, and what is done before it is taken. */
const views = [
  { name: 'step', address: '#/step' },
  { name: 'heads', address: '#/heads?model=heed-en-de' },
  { name: 'translate', address: '#/write' },
  { name: 'generate', address: '#/write?model=heed-en&text=If+it+rains+tomorrow%2C' },
  { name: 'words', address: '#/words?model=heed-en-de' },
  { name: 'long', address: '#/long?model=heed-copy&doc=sample-4000' },
  { name: 'train', address: '#/train', before: train },
  { name: 'learn', address: '#/learn' },
  { name: 'quiz', address: '#/quiz' },
]
const sizes = [
  [1440, 900],
  [768, 1024],
  [390, 844],
]
const docs = {
  step: 'studio.png',
  heads: 'studio-heads.png',
  translate: 'studio-translate.png',
  words: 'studio-words.png',
}

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true })
const [folder] = positionals
const only = values.only?.split(',')
const wanted = views.filter(({ name }) => (only ? only.includes(name) : folder || name in docs))

const { address: root, browser, close } = await openStudio()
try {
  if (folder) {
    await mkdir(folder, { recursive: true })
    for (const view of wanted)
      for (const [width, height] of sizes)
        for (const theme of ['light', 'dark'])
          await take(
            view,
            { width, height, theme, fullPage: true },
            join(folder, `${view.name}-${width}-${theme}.png`),
          )
  } else
    for (const view of wanted)
      await take(
        view,
        { width: 1280, height: 860, theme: 'light' },
        path(`../docs/pictures/${docs[view.name]}`),
      )
} finally {
  await close()
}

async function take({ address, before }, { width, height, theme, fullPage = false }, file) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme })
  await page.goto(root + address)
  await settled(page)
  await before?.(page)
  await page.screenshot({ path: file, fullPage })
  await page.close()
  process.stdout.write(`${file}\n`)
}

/** Nothing is awaited, and nothing has changed for a second. */
async function settled(page) {
  await page.waitForSelector('h1, h2')
  await page.evaluate(
    () =>
      new Promise((done) => {
        let last = performance.now()
        new MutationObserver(() => (last = performance.now())).observe(document.body, {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        })
        const look = setInterval(() => {
          if (document.querySelector('[aria-busy="true"]') || performance.now() - last < 1000) return
          clearInterval(look)
          done()
        }, 100)
      }),
  )
}

async function train(page) {
  await page.getByRole('button', { name: 'Start training' }).click()
  await page.waitForTimeout(20_000)
}
