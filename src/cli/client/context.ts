import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { readClientSettings } from '../../config/sources.ts'
import { createRuntime, type Log, type Runtime } from '../../runtime.ts'
import { type ApiClient, createApiClient } from './api-client.ts'
import { UsageFailure } from './failure.ts'
import { readTextFile } from './given-text.ts'
import { resolveId } from './names.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** What a command works with. */
export interface Context {
  api: ApiClient
  /** The key that the calls have. */
  apiKey: string
  terminal: Terminal
  runtime: Runtime
  /** Ids of what was named. */
  queueId(text: string): Promise<string>
  inQueue(queueId: string, collection: 'listeners' | 'messages' | 'schedules', text: string): Promise<string>
}

/** What every command takes. */
interface GlobalOptions {
  url?: string
  apiKey?: string
  apiKeyFile?: string
  json?: boolean
}

const DEFAULT_URL = 'http://127.0.0.1:3000'

/** Commands that speak to a server; throws `UsageFailure` where there is no key. */
export function openContext(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>()
  const terminal = createTerminal(options.json === true)
  const runtime = createRuntime(silent)
  const apiKey = keyOf(options, terminal)
  const api = createApiClient({ url: urlOf(options), key: apiKey })
  const named = (path: string, collection: string, text: string) =>
    resolveId(api, runtime.now(), { path, collection, what: collection.replace(/s$/, ''), text })
  return {
    api,
    apiKey,
    terminal,
    runtime,
    queueId: (text) => named('/queues', 'queues', text),
    inQueue: (queueId, collection, text) => named(`/queues/${queueId}/${collection}`, collection, text),
  }
}

function urlOf(options: GlobalOptions): string {
  const text = options.url ?? readClientSettings().url ?? DEFAULT_URL
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new UsageFailure(`the server's address must be an http or https URL such as ${DEFAULT_URL}`)
  }
  return url.href.replace(/\/+$/, '').replace(/\/v1$/, '')
}

function keyOf({ apiKey, apiKeyFile }: GlobalOptions, terminal: Terminal): string {
  if (apiKey !== undefined) {
    // What other users see of this process from here on; until now, and in the shell's history, it was there.
    process.title = 'discue'
    terminal.note('discue: --api-key shows in process lists and in your shell; better use --api-key-file')
    return apiKey
  }
  const environment = readClientSettings()
  if (apiKeyFile === undefined && environment.apiKey !== null) return environment.apiKey
  const path = apiKeyFile ?? environment.apiKeyFile
  if (path === null) {
    throw new UsageFailure('no API key: set DISCUE_API_KEY or DISCUE_API_KEY_FILE, or give --api-key-file')
  }
  return keyFrom(path, terminal)
}

function keyFrom(path: string, terminal: Terminal): string {
  const key = readTextFile(path).trim()
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageFailure(`${path} must hold an API key and nothing else`)
  const readableByOthers = (statSync(path).mode & 0o077) !== 0 && process.platform !== 'win32'
  if (readableByOthers) terminal.note(`discue: ${path} can be read by others; chmod 600 ${path}`)
  return key
}

const nothing = () => {}
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
