// How fluid the studio's map of a long text is, and how much memory it takes: node tools/measure-long.mjs [tokens]. Needs a
// build and Chromium (CHROMIUM, /usr/bin/chromium). A task is a piece of work of the page's main thread that nothing interrupts:
// its time by the clock holds what other threads and programs took from it, its CPU time does not.
import { openStudio } from './studio.mjs'

const [tokens = '30000'] = process.argv.slice(2)
const { address, browser, close } = await openStudio({
  options: ['--model', 'heed-copy'],
  args: ['--enable-blink-features=ForceEagerMeasureMemory'],
})
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })

const memory = async () => {
  const { bytes } = await page.evaluate(() => performance.measureUserAgentSpecificMemory())
  return `${(bytes / 1e6).toFixed(0)} MB`
}

/** Does something, and says how long it took, and the longest tasks of the page's main thread meanwhile. */
async function phase(name, act) {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  const start = performance.now()
  await act()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()))
  const threads = traceEvents.filter(
    (event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain',
  )
  const tasks = traceEvents.filter(
    (event) =>
      event.name === 'ThreadControllerImpl::RunTask' &&
      threads.some(({ pid, tid }) => event.pid === pid && event.tid === tid),
  )
  const longest = (time) => Math.max(0, ...tasks.map((task) => (task[time] ?? 0) / 1000)).toFixed(0)
  const over = (time) => tasks.filter((task) => (task[time] ?? 0) > 50_000).length
  console.log(
    `${name.padEnd(30)} ${seconds.padStart(6)} s   longest task ${longest('tdur').padStart(4)} ms of CPU, ${longest('dur').padStart(4)} ms by the clock; over 50 ms: ${over('tdur')} and ${over('dur')} of ${tasks.length}`,
  )
}
const isThere = () =>
  page.waitForFunction(
    () => !/to come/.test(document.querySelector('.legend .cap')?.textContent ?? 'to come'),
  )

await page.goto(`${address}#/long`)
await page.locator('textarea').waitFor()
await phase('put in and read', async () => {
  await page.goto(`${address}#/long?doc=sample-${tokens}`)
  await page.waitForSelector('.picture canvas', { timeout: 240_000 })
})
await phase('the whole map', isThere)
const box = await page.locator('.picture canvas').boundingBox()
const [x, y] = [box.x + 104 + 250, box.y + 84 + 300]
await page.mouse.move(x, y)
await phase('60 turns of the wheel, in', async () => {
  for (let n = 0; n < 60; n++) await page.mouse.wheel(0, -60)
  await isThere()
})
await phase('dragged at cells', async () => {
  for (let n = 0; n < 6; n++) {
    await page.mouse.move(x, y)
    await page.mouse.down()
    for (let step = 1; step <= 12; step++) await page.mouse.move(x - 20 * step, y - 15 * step)
    await page.mouse.up()
  }
  await isThere()
})
await phase('60 turns of the wheel, out', async () => {
  for (let n = 0; n < 60; n++) await page.mouse.wheel(0, 60)
  await isThere()
})
await phase('at random, 20 places', async () => {
  for (let n = 0; n < 20; n++) {
    await page.mouse.move(box.x + 120 + ((n * 97) % 560), box.y + 100 + ((n * 61) % 560))
    for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, n % 2 ? 90 : -90)
  }
  await isThere()
})
await phase('links of all weights', () =>
  page.waitForFunction(
    () => !/looked through/.test(document.querySelector('.progress').textContent),
    undefined,
    { timeout: 120_000 },
  ),
)
await phase('five links shown', async () => {
  for (let n = 0; n < 5; n++) {
    await page.locator('.list button').nth(n).click()
    await isThere()
  }
})
await phase('another theme', () => page.getByRole('button', { name: 'Dark theme' }).click())
console.log(`page, worker and engine together: ${await memory()}`)
await close()
