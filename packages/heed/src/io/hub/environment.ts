import { HeedError } from '../../errors.js'
import { quote } from '../../json.js'
import { builtin, exists, readText } from '../files.js'

/** How the hub is reached, as Python's huggingface_hub reads it from the same variables. */
export interface Environment {
  /** Origin and path, without a slash at the end. */
  endpoint: string
  token: string | undefined
  offline: boolean
  /** The folder of the cache. Empty in browsers, which have Cache Storage. */
  cache: string
}

type Variables = Record<string, string | undefined>

const isTrue = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '')

/** Reads the environment; in browsers there is none, and all is as by default. */
export async function readEnvironment(): Promise<Environment> {
  const { process } = globalThis as { process?: { env?: Variables } }
  const env = process?.env ?? {}
  const os = builtin('node:os') as { homedir(): string } | undefined
  const endpoint = endpointOf(env.HF_ENDPOINT)
  if (!os) return { endpoint, token: undefined, offline: false, cache: '' }
  const expanded = (path: string) => path.replace(/^~(?=$|[/\\])/, () => os.homedir())
  const home = expanded(env.HF_HOME || `${env.XDG_CACHE_HOME || '~/.cache'}/huggingface`)
  return {
    endpoint,
    token: clean(env.HF_TOKEN) ?? clean(env.HUGGING_FACE_HUB_TOKEN) ?? (await savedToken(env, home)),
    offline: isTrue(env.HF_HUB_OFFLINE) || isTrue(env.TRANSFORMERS_OFFLINE),
    cache: expanded(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || `${home}/hub`),
  }
}

function endpointOf(value: string | undefined): string {
  const endpoint = (value || 'https://huggingface.co').replace(/\/+$/, '')
  if (!/^https?:\/\/./.test(endpoint) || !URL.canParse(endpoint))
    throw new HeedError(
      'option',
      `HF_ENDPOINT is ${quote(endpoint)}, expected a URL such as https://huggingface.co`,
    )
  return endpoint
}

/** What `hf auth login` left. */
async function savedToken(env: Variables, home: string): Promise<string | undefined> {
  const file = env.HF_TOKEN_PATH || `${home}/token`
  return (await exists(file)) ? clean(await readText(file)) : undefined
}

/** A header cannot hold line ends, which editors like to add. */
const clean = (token: string | undefined): string | undefined =>
  token?.replace(/[\r\n]/g, '').trim() || undefined
