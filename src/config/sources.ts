import { parseArgs } from 'node:util'
import { nearest } from '../core/nearest.ts'

const PREFIX = 'DISCUE_'

/** The configuration is wrong; the message is one line for the operator who starts the server. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

/** What the command line's other commands read; the server knows these names, so as not to refuse them. */
const CLIENT_SETTINGS: readonly string[] = ['DISCUE_URL', 'DISCUE_API_KEY', 'DISCUE_API_KEY_FILE']

/** Where the commands that speak to a server find it, and their key; null for what the environment does not say. */
export function readClientSettings(env: Record<string, string | undefined> = process.env): {
  url: string | null
  apiKey: string | null
  apiKeyFile: string | null
} {
  const read = (name: string) => env[name] || null
  return { url: read('DISCUE_URL'), apiKey: read('DISCUE_API_KEY'), apiKeyFile: read('DISCUE_API_KEY_FILE') }
}

/** What a variable says that a caller of the command line has named; null where there is none of that name. */
export function readVariable(name: string, env: Record<string, string | undefined> = process.env): string | null {
  return env[name] ?? null
}

/** The settings among the variables, all of which are `known`; empty ones are not given. Throws `ConfigError`. */
export function fromEnvironment(
  env: Record<string, string | undefined>,
  known: readonly string[],
): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || value === undefined || CLIENT_SETTINGS.includes(name)) continue
    if (isOfService(name, value)) continue
    if (!known.includes(name)) throw new ConfigError(unknown(name, known))
    if (value !== '') given[name] = value
  }
  return given
}

/**
 * Whether Kubernetes says so of a Service that is named `discue`, in the environment of every pod beside it: it is no
 * setting of the server then (Kubernetes, *Discovering services*).
 */
function isOfService(name: string, value: string): boolean {
  if (/^DISCUE_(?:SERVICE|PORT)_/.test(name)) return true
  return name === 'DISCUE_PORT' && /^(?:tcp|udp|sctp):\/\//.test(value)
}

/** The settings among the flags: `--port 8080` is `DISCUE_PORT`. Throws `ConfigError`. */
export function fromFlags(args: readonly string[], known: readonly string[]): Record<string, string> {
  const names = new Map(known.map((name) => [flagOf(name).slice(2), name]))
  const options = Object.fromEntries([...names.keys()].map((flag) => [flag, { type: 'string' as const }]))
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const given: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new ConfigError(`"${token.value}" is not a flag; flags look like --port 3000`)
    if (token.kind !== 'option') continue
    const name = names.get(token.name)
    if (name === undefined) throw new ConfigError(unknown(token.rawName, known.map(flagOf)))
    if (token.value === undefined) throw new ConfigError(`${token.rawName} needs a value`)
    given[name] = token.value
  }
  return given
}

/** The flag of a setting: `--port` of `DISCUE_PORT`. */
export function flagOf(name: string): string {
  return `--${name.slice(PREFIX.length).toLowerCase().replaceAll('_', '-')}`
}

function unknown(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  if (meant !== null) return `${name} is unknown; did you mean ${meant}? "discue serve --help" lists all settings`
  return `${name} is unknown; these are known: ${known.join(', ')}`
}

/** What asks for the version alone. */
export const VERSION_OPTIONS: readonly string[] = ['-V', '--version']
/** Options of every command, which may stand before it; all other flags are settings of the server. */
const COMMAND_OPTIONS = ['-h', '--help', ...VERSION_OPTIONS, '--json', '--url', '--api-key', '--api-key-file']

/** The server's settings where the server is to be started, null where the words are another command. */
export function settingsOf(args: readonly string[]): readonly string[] | null {
  const [first] = args
  if (first === 'serve') return args.slice(1)
  const isCommand = first !== undefined && (!first.startsWith('-') || COMMAND_OPTIONS.includes(first.split('=')[0]!))
  return isCommand ? null : args
}
