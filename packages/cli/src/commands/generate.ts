import type { Command } from 'commander'
import { HeedError } from 'heed'
import { visibleLine } from 'heed/look'
import type { CausalModel, EndReason, GeneratedToken, GenerateOptions } from 'heed/models'
import { type Change, interventionsOf, withHelp, withOption } from '../changes.js'
import { standardInput } from '../input.js'
import { interruptible, killable } from '../interrupt.js'
import { openCausal } from '../model.js'
import { collect, dtypeOption, type ModelFlags, modelOption, realNumber, wholeNumber } from '../options.js'

interface GenerateFlags
  extends
    ModelFlags,
    Pick<
      GenerateOptions,
      'maxTokens' | 'temperature' | 'topK' | 'topP' | 'repetitionPenalty' | 'seed' | 'stop'
    > {
  with?: Change[]
  chat?: true
  json?: true
}

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('go on from a text, token by token')
    .argument('[prompt]', 'the text to go on from; - or none: standard input')
    .addOption(modelOption().default('heed-en'))
    .addOption(dtypeOption())
    .option('--max-tokens <n>', 'the most tokens (default: 128)', wholeNumber(1))
    .option(
      '--temperature <t>',
      '0 takes the likeliest token, 1 draws as the model has it (default: 0)',
      realNumber(0),
    )
    .option('--top-k <k>', 'draw from the k likeliest tokens alone (with a --temperature)', wholeNumber(1))
    .option(
      '--top-p <p>',
      'draw from the likeliest tokens that have this probability together (with a --temperature)',
      realNumber(0, 1, true),
    )
    .option(
      '--repetition-penalty <x>',
      'above 1: tokens that were there come less often',
      realNumber(0, Infinity, true),
    )
    .option('--seed <n>', 'other draws; the same seed gives the same text (default: 0)', wholeNumber(0))
    .option('--stop <text>', 'end before this text; repeatable', collect(String))
    .option('--chat', "the prompt is what a user says, put into the model's chat template")
    .addOption(withOption())
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      `
Prints what comes after the prompt, as it is generated. Ctrl-C ends it and keeps
what is there. The text ends with an end token of the model, a --stop, after
--max-tokens, or when prompt and text fill the model's positions. A prompt from
standard input loses its last line end.
${withHelp}

Examples:
  heed generate "If it rains"
  heed generate "Once upon a time" --model ./gpt2
  heed generate "Once upon a time" --model ./gpt2 --temperature 0.8 --top-p 0.95
  heed generate "Q: 2 + 2? A:" --model ./gpt2 --stop "Q:" --max-tokens 20
  heed generate "Who are you?" --model ./my-chat-model --chat
  cat story.txt | heed generate - --model ./gpt2 --json > more.json`,
    )
    .action(runGenerate)
}

async function runGenerate(argument: string | undefined, flags: GenerateFlags): Promise<void> {
  const { model: name, dtype, chat, json, with: changes, ...options } = flags
  await interruptible(async (signal) => {
    const prompt = argument === undefined || argument === '-' ? await inputPrompt(signal) : argument
    if (prompt === '')
      throw new HeedError('input', 'the prompt is empty; give the beginning of a text to go on from')
    using model = await openCausal({ model: name, dtype }, signal)
    const tokens: GeneratedToken[] = []
    const reason = await stream(model, chat ? { chat: [{ role: 'user', content: prompt }] } : prompt, {
      ...options,
      with: await interventionsOf(changes, model, signal),
      signal,
      onToken: (token) => {
        tokens.push(token)
        if (!json) process.stdout.write(printable(token.text))
      },
    })
    if (!json) return void process.stdout.write('\n')
    const output = tokens.map(({ text }) => text).join('')
    const listed = tokens.map(({ id, text, logProb }) => ({ id, text, logProb }))
    process.stdout.write(`${JSON.stringify({ model: name, prompt, output, reason, tokens: listed })}\n`)
  })
}

interface StreamOptions extends GenerateOptions {
  onToken: (token: GeneratedToken) => void
}

/** Why the text ended. Ctrl-C ends it too, once there is some. */
async function stream(
  model: CausalModel,
  prompt: Parameters<CausalModel['generate']>[0],
  { onToken, ...options }: StreamOptions,
): Promise<EndReason | 'interrupted'> {
  let last: GeneratedToken | undefined
  try {
    const tokens = model.generate(prompt, options)
    // The prompt is one pass, and nothing is there to be kept yet.
    let next = await killable(() => tokens.next())
    for (; !next.done; next = await tokens.next()) onToken((last = next.value))
  } catch (error) {
    if (last && error instanceof HeedError && error.code === 'aborted') return 'interrupted'
    throw error
  }
  return last!.reason!
}

/** A terminal would obey controls; a file gets the text as it is. */
const printable = (text: string): string =>
  process.stdout.isTTY ? text.replace(/[^\n\t]+/g, visibleLine) : text

/** Without the line end that `echo` and editors add. */
const inputPrompt = async (signal: AbortSignal): Promise<string> =>
  (await standardInput(signal, 'the prompt')).replace(/\r?\n$/, '')
