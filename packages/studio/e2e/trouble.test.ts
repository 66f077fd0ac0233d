import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { describe, expect, inject, it } from 'vitest'
import { newPage, onPage, params, saved, useBrowser } from './browser'

useBrowser()

/** What a page shows when it has read its text. */
const ready: Record<string, string> = {
  step: '#step-7',
  heads: '.page-title, h1',
  write: 'h1',
  words: '.main canvas',
}
const pages = Object.keys(ready)
const shows = (page: Page, name: string) => page.waitForSelector(ready[name], { timeout: 25_000 })

interface Way {
  /** Of these addresses only half comes, and the connection ends. */
  cuts?: RegExp
  /** Changes what is sent with an answer. */
  headers?: (headers: Record<string, string | string[] | undefined>) => void
}

/** The studio, reached by a way on which something goes wrong. */
async function byWay(way: Way): Promise<{ address: string; stop: () => void }> {
  const studio = new URL(inject('studio'))
  const server: Server = createServer((asked, answer) => {
    const { origin: _, ...headers } = asked.headers
    const path = asked.url!
    request(
      { host: '127.0.0.1', port: studio.port, path, headers: { ...headers, host: studio.host } },
      (from) => {
        const sent = { ...from.headers }
        way.headers?.(sent)
        answer.writeHead(from.statusCode!, sent)
        let left = way.cuts?.test(path) ? Number(sent['content-length']) / 2 : Infinity
        from.on('data', (bytes: Buffer) => {
          left -= bytes.length
          answer.write(bytes)
          if (left < 0) answer.destroy()
        })
        from.on('end', () => answer.end())
      },
    ).end()
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop }
}

const notice = async (page: Page) =>
  (await page.locator('main .notice').first().textContent())!.replace(/\s+/g, ' ')

describe('an empty text', () => {
  it.each(['step', 'heads', 'write'])('%s offers one', (name) =>
    onPage(`#/${name}?text=+`, async (page) => {
      await page.getByRole('heading', { name: 'No sentence yet' }).waitFor()
      await page.getByRole('button', { name: 'The elephant is very large.' }).click()
      await shows(page, name)
    }),
  )

  it('words and long texts wait for one', async () => {
    await onPage('#/words?words=', async (page) => {
      await page.getByRole('combobox').first().waitFor()
    })
    await onPage('#/long', async (page) => {
      await page.getByRole('textbox').fill('   ')
      await page.waitForTimeout(400)
      expect(await page.getByRole('button', { name: 'Read it' }).count()).toBe(0)
    })
  })
})

describe('100,000 tokens', () => {
  const text = 'dog '.repeat(100_000).trim()

  it.each(['step', 'heads', 'write'])('%s says how many it shows, and shows the first', (name) =>
    onPage(`#/${name}?text=`, async (page) => {
      await page.getByRole('textbox', { name: 'Sentence' }).fill(text)
      await page.keyboard.press('Enter')
      await page
        .getByRole('heading', { name: /^100,\d{3} tokens; this (model reads|page shows) \d+/ })
        .waitFor()
      expect(await notice(page)).toMatch(/Nothing was cut off silently/)
      await page.getByRole('button', { name: /^Read the first/ }).click()
      await shows(page, name)
      expect(params(page).text.length).toBeLessThan(2000)
    }),
  )

  it('a text too long for a page, but not for the model, leads to the page of long texts', () =>
    onPage(`#/step?model=heed-copy&text=${'quiet+'.repeat(120)}`, async (page) => {
      await page.getByRole('link', { name: /^See all \d+ in Long texts$/ }).click()
      await page.waitForSelector('.picture canvas', { timeout: 25_000 })
      expect(params(page).model).toBe('heed-copy')
    }))

  it('long texts counts it before it reads it', () =>
    onPage('#/long', async (page) => {
      await page.getByRole('textbox').evaluate((field, text) => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', text)
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      }, text)
      await page
        .getByText(/100,\d{3} tokens/)
        .first()
        .waitFor()
    }))

  it('words takes no text for a word, and says where texts are for', () =>
    onPage('#/words', async (page) => {
      await shows(page, 'words')
      await page.getByRole('combobox').first().fill(text)
      await page.keyboard.press('Enter')
      await page.getByText(/That has 399,999 letters.*Long texts/).waitFor()
      await page.goto(`${inject('studio')}#/words?words=dog,${'a'.repeat(100_000)}`)
      await page.getByText(/Left out: a+ … has 100000 letters/).waitFor()
      await shows(page, 'words')
    }))
})

describe('a model that fails half-way', () => {
  it.each(pages)('%s says so, and goes on when it is asked again', async (name) => {
    const way: Way = { cuts: /safetensors$/ }
    const { address, stop } = await byWay(way)
    const { page } = await newPage()
    await page.goto(`${address}#/${name}`)
    await page.getByRole('heading', { name: /did not open/ }).waitFor()
    expect(await notice(page)).toMatch(/model\.safetensors: cannot be read .*is the server still running\?/)
    delete way.cuts
    await page.getByRole('button', { name: /again/ }).first().click()
    await shows(page, name)
    await page.context().close()
    stop()
  })

  it('long texts keeps the text', async () => {
    const way: Way = { cuts: /safetensors$/ }
    const { address, stop } = await byWay(way)
    const { page } = await newPage()
    await page.goto(`${address}#/long?model=heed-copy&doc=sample-4000`)
    await page.getByText(/cannot be read .*is the server still running/).waitFor()
    delete way.cuts
    await page.getByRole('button', { name: /again/ }).first().click()
    await page.waitForSelector('.picture canvas', { timeout: 25_000 })
    await page.context().close()
    stop()
  })
})

it('a server that is lost: what is open goes on, a page that is not there says what to do', async () => {
  const { address, stop } = await byWay({})
  const { page } = await newPage()
  await page.goto(`${address}#/step`)
  await shows(page, 'step')
  stop()
  await page.getByRole('button', { name: 'Edit the sentence' }).click()
  await page.getByRole('textbox', { name: 'Sentence' }).fill('I see a dog.')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.locator('.word b').allTextContents()).toContain('dog')
  await page.getByRole('link', { name: 'Words' }).click()
  await page.getByRole('heading', { name: /code does not come/ }).waitFor()
  expect(await notice(page)).toMatch(/If heed studio still runs, load the page anew/)
  await page.context().close()
})

describe('threads that are not to be had', () => {
  const menu = async (page: Page) => {
    await shows(page, 'step')
    await page.getByRole('button', { name: /^Model:/ }).click()
    return page.locator('.threads').textContent()
  }
  it.each([
    ['cross-origin-opener-policy', undefined, /not isolated.*heed studio serves it isolated/],
    ['content-security-policy', (policy: string) => policy.replace('blob:', ''), /starts no others.*policy/],
  ])('without %s it computes on one, and says so', async (name, change, said) => {
    const { address, stop } = await byWay({
      headers: (headers) => {
        const value = headers[name]
        if (change && typeof value === 'string') headers[name] = change(value)
        else delete headers[name]
      },
    })
    const { page } = await newPage()
    await page.goto(`${address}#/step`)
    expect(await menu(page)).toMatch(said)
    await page.context().close()
    stop()
  })
})

describe('a storage that is full', () => {
  const full = (page: Page) =>
    page.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
      }
    })

  it('an answer of the quiz counts, and the page says that it is not kept', async () => {
    const { page } = await newPage()
    await full(page)
    await page.goto(`${inject('studio')}#/quiz`)
    await page.locator('h1, h2').first().waitFor()
    await page.keyboard.press('1')
    await page.keyboard.press('Enter')
    await page.getByText(/This browser keeps nothing for this page now/).waitFor()
    expect(JSON.parse(await saved(page, 'Save your progress as JSON'))).toBeTruthy()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText(/This browser keeps nothing for this page now/).waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('a model of the hub finds no room', async () => {
    const { page } = await newPage()
    await page.context().route('https://huggingface.co/**', (route) => {
      const headers = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }
      const bytes = '{"model_type":"bert"}'
      const siblings = ['config.json', 'model.safetensors'].map((rfilename) => ({
        rfilename,
        size: bytes.length,
        // What git calls these bytes.
        blobId: '3967ff7fee9d40eb77abadd6a292230496ca9f24',
      }))
      return route.request().url().includes('/api/')
        ? route.fulfill({ headers, json: { sha: 'c'.repeat(40), siblings } })
        : route.fulfill({ headers, body: bytes })
    })
    await page.goto(`${inject('studio')}#/step`)
    await shows(page, 'step')
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1 })
    await page.getByRole('button', { name: /^Model:/ }).click()
    await page.getByPlaceholder('org/name').fill('org/large')
    await page.keyboard.press('Enter')
    await page.getByText(/the browser has no room to keep config\.json/).waitFor()
    expect(await notice(page)).toMatch(/free space on the disk/)
    await page.context().close()
  })
})
