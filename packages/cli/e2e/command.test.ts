import { appendFile, cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { fails, heed, modelForTests, ok } from './heed.js'

const { folder, model } = await modelForTests()

describe('help', () => {
  it('is what heed alone prints', async () => {
    const help = await ok([])
    expect(help).toMatch(/^Usage: heed "<text>" \| <command> \[options\]\n/)
    expect(help).toContain('heed "The elephant is very large."')
    expect(await ok(['--help'])).toBe(help)
    expect(await ok(['help'])).toBe(help)
    expect(help).not.toContain('\x1b')
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it.each(['see', 'translate', 'generate', 'models', 'tune', 'train', 'train translation', 'train language'])(
    'of %s has examples',
    async (name) => {
      const help = await ok([...name.split(' '), '--help'])
      expect(help).toMatch(new RegExp(`^Usage: heed ${name}[ |]`))
      expect(help).toMatch(/\nExamples:\n {2}heed /)
      expect(help).toContain('--verbose')
      expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    },
  )

  it('of train names what can be trained, and the version is a version', async () => {
    expect(await ok(['train', '--help'])).toMatch(/translation[^]*language/)
    expect(await ok(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('arguments that cannot be parsed end with 2', () => {
  it.each<[string[], RegExp]>([
    [['x', '--sites', 'y'], /unknown option '--sites' \(Did you mean --site\?\)/],
    [['-5 degrees are cold'], /a text that starts with - goes after --/],
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['see', 'x', '--head', 'first'], /--head <n>.*'first' is invalid\. It must be a whole number from 0 up/],
    [['see', 'x', '--head', '-1'], /--head/],
    [['see', 'x', '--head', '1.5'], /--head/],
    [['see', 'x', '--beam', '0'], /--beam.*1 to 64/],
    [['see', 'x', '--model'], /--model <name>' argument missing/],
    [['see'], /missing a text; give one, or --file/],
    [['--json'], /missing a text; give one, or --file/],
    [['The', 'elephant'], /too many arguments/],
    [['translate', 'a', 'b'], /too many arguments/],
    [['translate', '--beam', ''], /--beam/],
    [['models', '--size'], /unknown option '--size'/],
    [['train'], /command is missing/],
    [['train', 'dog'], /unknown command 'dog'/],
    [['train', 'translate'], /required option '--data <file>' not specified/],
    [['train', 'language', '--out', 'y'], /--data <file>.*--task copy/],
    [
      ['train', 'language', '--out', 'y', '--task', 'copy', '--data', 'x'],
      /--task.*cannot be used with.*--data/,
    ],
    [['train', 'language', '--data', 'x', '--out', 'y', '--context', '1'], /--context.*from 2 up/],
    [['train', 'translate', '--data', 'x', '--out', 'y', '--dropout', '1'], /--dropout.*0 to 0\.99/],
    [['train', 'translate', '--data', 'x', '--out', 'y', '--norm', 'mid'], /Allowed choices are pre, post/],
    [['tune', '--data', 'x'], /missing required argument 'folder'/],
    [['help', 'dance'], /command is missing or unknown; heed --help/],
    [['train'], /command is missing or unknown; heed train --help/],
    [['--model', 'heads', 'x', 'y'], /too many arguments for 'see'/],
  ])('%j', (args, says) => fails(2, args, says))
})

describe('models that cannot be used end with 1', () => {
  const files = async (name: string) => {
    const path = folder.path(name)
    await cp(model, path, { recursive: true })
    return { path, weights: `${path}/model.safetensors`, config: `${path}/config.json` }
  }
  const see = (path: string, says: RegExp) => fails(1, ['the dog', '--model', path], says)

  it('one that is not there', async () => {
    await see(folder.path('none'), /there is no model/)
    await see('no-such-model', /there is no model "no-such-model"; shipped models: /)
    await see('', /name a model or a folder/)
    await fails(1, ['translate', 'x', '--model', folder.path('none')], /there is no model/)
  })

  it('a folder that lacks a file', async () => {
    const { path, weights, config } = await files('lacking')
    await rm(`${path}/tokenizer.json`)
    await see(path, /tokenizer\.json/)
    await rm(weights)
    await see(path, /no model\.safetensors/)
    await rm(config)
    await see(path, /no config\.json/)
  })

  it('weights that are cut short, or lie about where they are', async () => {
    const { path, weights } = await files('damaged')
    const whole = await readFile(weights)
    await truncate(weights, whole.length - 10)
    await see(path, /model\.safetensors/)
    await truncate(weights, 5)
    await see(path, /model\.safetensors/)
    const header = Number(whole.readBigUInt64LE(0))
    const lying = (change: (json: string) => string) => {
      const json = Buffer.from(change(whole.toString('utf8', 8, 8 + header)))
      const size = Buffer.alloc(8)
      size.writeBigUInt64LE(BigInt(json.length))
      return Buffer.concat([size, json, whole.subarray(8 + header)])
    }
    await writeFile(
      weights,
      lying((json) => json.replace(/"data_offsets":\[0,/, '"data_offsets":[8,')),
    )
    await see(path, /model\.safetensors/)
    await writeFile(
      weights,
      lying((json) => json.replace('"shape":[280,16]', '"shape":[16,280]')),
    )
    await see(path, /embedding\.weight.*expected \[280, 16\]/)
    await writeFile(
      weights,
      lying((json) => json.replace('decoder.0.cross.key.bias', 'decoder.0.cross.key.bios')),
    )
    await see(path, /decoder\.0\.cross\.key\.bias/)
    const huge = Buffer.from(whole)
    huge.writeBigUInt64LE(2n ** 60n, 0)
    await writeFile(weights, huge)
    await see(path, /model\.safetensors/)
  })

  it('a config that says more than heed knows, or is not JSON', async () => {
    const { path, config } = await files('odd')
    const json = JSON.parse(await readFile(config, 'utf8')) as object
    await writeFile(config, JSON.stringify({ ...json, sliding_window: 4 }))
    await see(path, /"sliding_window", unknown here/)
    await writeFile(config, JSON.stringify({ ...json, num_heads: 3 }))
    await see(path, /num_heads 3 does not divide d_model 16/)
    await writeFile(config, JSON.stringify({ ...json, model_type: 'gpt9' }))
    await see(path, /model_type "gpt9"/)
    await appendFile(config, '\n,')
    await see(path, /config\.json: not valid JSON/)
    await writeFile(config, Uint8Array.of(0x7b, 0xff))
    await see(path, /config\.json: not UTF-8 at byte 1/)
  })
})

describe('the process', () => {
  it('shows the stack only when asked', async () => {
    const ran = await heed(['x', '--model', folder.path('none'), '--verbose'])
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toMatch(/^heed: HeedError: there is no model[^]+\n {4}at /)
  })

  it('ends quietly when nobody reads on', async () => {
    const args = ['the dog sees the cat', '--model', model, '--json', '--qk']
    const ran = await heed(args, { closeAfter: 1 })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout.length).toBeLessThan((await ok(args)).length)
  })

  it('lists models', async () => {
    const list = JSON.parse(await ok(['models', '--json'])) as Record<string, unknown>[]
    for (const shipped of list)
      expect(Object.keys(shipped)).toEqual(['name', 'path', 'type', 'bytes', 'description'])
    const text = await ok(['models'])
    for (const { name } of list) expect(text).toContain(name)
    if (list.length === 0) expect(text).toContain('no model is installed here')
  })
})
