import type { Command } from 'commander'
import { Option } from 'commander'
import { DELIVERY_METHODS as METHODS } from '../../core/delivery/listener.ts'
import { UsageFailure } from './failure.ts'
import { givenJson, readTextFile } from './given-text.ts'
import { type AuthOptions, addAuthOptions, authBody } from './listener-auth-options.ts'
import { addTlsOptions, type TlsOptions, tlsBody } from './listener-tls-options.ts'
import { durationMs } from './moments.ts'

/** What `listeners create` and `listeners update` take beside names. */
export interface ListenerOptions extends AuthOptions, TlsOptions {
  name?: string
  to?: string
  livenessUrl?: string
  attempts?: string
  initialDelay?: string
  maxDelay?: string
  multiplier?: string
  timeout?: string
  concurrency?: string
  rate?: string
  ordering?: string
  onMissed?: string
  method?: string
  circuitBreaker?: string
  header?: string[]
  signature?: string
  filter?: string
  filterFile?: string
  secretFile?: string
  privateKeyFile?: string
  body?: string
}

/** Collects the values of an option that is given more than once. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

export function addListenerOptions(command: Command): Command {
  const described = command
    .option('--to <url>', 'where its messages are posted; without it the listener is pulled from')
    .option('--liveness-url <url>', 'what tells whether it is up')
    .option('--attempts <n>', 'attempts before a delivery counts as missed')
    .option('--initial-delay <duration>', 'before the second attempt')
    .option('--max-delay <duration>', 'the longest delay between attempts')
    .option('--multiplier <n>', 'how much longer each delay is than the one before')
    .option('--timeout <duration>', 'how long it has to answer')
    .option('--concurrency <n>', 'messages that it gets at once')
    .option('--rate <requests/period>', 'how many it gets in how long, such as 100/1m')
    .addOption(new Option('--ordering <order>', 'in which order').choices(['none', 'queue', 'key']))
    .addOption(new Option('--on-missed <what>', 'with ordering, after a missed one').choices(['continue', 'block']))
    .addOption(new Option('--method <method>', 'how its messages are sent; GET without a body').choices([...METHODS]))
    .addOption(
      new Option('--circuit-breaker <on>', 'off: each delivery follows its retries to the letter').choices([
        'on',
        'off',
      ]),
    )
    .option(
      '--header <line>',
      '"Name: value" sent with each message, which replaces all headers; repeat it for more; *** keeps a value',
      collect,
    )
    .option('--filter <json>', 'which messages it gets, such as \'{"name":["orders.*"]}\'; null for all')
    .option('--filter-file <path>', 'a file with the filter, in place of --filter')
    .addOption(
      new Option('--signature <how>', 'v1 by a shared secret, v1a by a key pair, or both').choices([
        'v1',
        'v1a',
        'both',
      ]),
    )
    .option('--secret-file <path>', 'a file with a signing secret of your own, whsec_…, or with v1a alone whsk_…')
    .option('--private-key-file <path>', 'a file with a private key of your own, whsk_…')
  return addTlsOptions(addAuthOptions(described)).option(
    '--body <json>',
    'any other properties as the API has them: JSON or @file',
  )
}

/** The body for the API; what was not given is left out, and so stays as it is. */
export async function listenerBody(options: ListenerOptions): Promise<Record<string, unknown>> {
  const retry = defined({
    max_attempts: numberOf('--attempts', options.attempts),
    initial_delay: msOf(options.initialDelay),
    max_delay: msOf(options.maxDelay),
    multiplier: numberOf('--multiplier', options.multiplier),
  })
  const more = options.body === undefined ? {} : await givenJson(options.body, '--body')
  return {
    ...defined({
      name: options.name,
      notify_url: options.to,
      liveness_url: options.livenessUrl,
      timeout: msOf(options.timeout),
      max_concurrency: numberOf('--concurrency', options.concurrency),
      rate_limit: options.rate === undefined ? undefined : rateOf(options.rate),
      ordering: options.ordering,
      on_missed: options.onMissed,
      method: options.method,
      circuit_breaker: options.circuitBreaker === undefined ? undefined : options.circuitBreaker === 'on',
      headers: options.header === undefined ? undefined : Object.fromEntries(options.header.map(headerOf)),
      auth: authBody(options),
      tls: tlsBody(options),
      filter: await filterOf(options),
      signature: options.signature === 'both' ? ['v1', 'v1a'] : options.signature,
      secret: contentOf(options.secretFile),
      private_key: contentOf(options.privateKeyFile),
      retry: Object.keys(retry).length > 0 ? retry : undefined,
    }),
    ...(more as object),
  }
}

function contentOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readTextFile(path).trim()
}

/** Undefined where none was given; throws `UsageFailure` for what is no JSON, and for both ways at once. */
async function filterOf({ filter, filterFile }: ListenerOptions): Promise<unknown> {
  if (filter !== undefined && filterFile !== undefined) {
    throw new UsageFailure('--filter and --filter-file cannot be combined; give one of them')
  }
  if (filterFile !== undefined) return givenJson(`@${filterFile}`, '--filter-file')
  return filter === undefined ? undefined : givenJson(filter, '--filter')
}

function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text)
}

/** A number that an option was given, undefined where it was not; throws `UsageFailure` for anything else. */
export function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text.trim() === '' || !Number.isFinite(Number(text))) throw new UsageFailure(`${flag} must be a number`)
  return Number(text)
}

function rateOf(text: string): { requests: number; per: number } {
  const [, requests, per] = /^(\d+)\/(.+)$/.exec(text) ?? []
  if (per === undefined) throw new UsageFailure('--rate must be requests and a period, such as 100/1m')
  // `100/m` reads well, too.
  return { requests: Number(requests), per: durationMs(/^\d/.test(per) ? per : `1${per}`) }
}

/** The name and value of a header as it is given on the command line, `Name: value`. */
export function headerOf(line: string): [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
  // What was given may hold a token, and is not repeated.
  if (name === undefined) throw new UsageFailure('--header must be "Name: value"')
  return [name, value!]
}
