import type { Command } from 'commander'
import type { Api } from '../client/api-types.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { UsageFailure } from '../client/failure.ts'
import { collect } from '../client/listener-options.ts'
import { momentText } from '../client/moments.ts'
import { resolveId } from '../client/names.ts'
import { showDone, showList, showOne } from '../client/show.ts'

const COLUMNS = {
  NAME: (key: Api.ApiKey) => key.name,
  ID: (key: Api.ApiKey) => key.id,
  KEY: (key: Api.ApiKey) => `${key.key}…`,
  STATUS: (key: Api.ApiKey) => key.status,
  SCOPES: (key: Api.ApiKey) => (key.owner ? 'owner' : scopesText(key.scopes)),
  'LAST USED': (key: Api.ApiKey) => momentText(key.last_used_at),
}

interface KeyOptions {
  name?: string
  scope?: string[]
  owner?: boolean
}

export function addKeys(program: Command): void {
  const keys = program.command('keys').description('list, make, change and delete API keys')
  keys
    .command('list', { isDefault: true })
    .description('all keys of the organization')
    .action(async (_, command) => {
      const { api, terminal } = openContext(command)
      showList(
        terminal,
        await Array.fromAsync(api.all<Api.ApiKey>('/api_keys', 'api_keys')),
        COLUMNS,
        'There is no key to see.',
      )
    })
  keys
    .command('show <key>')
    .description('one key, by its name or id')
    .action(async (key, _, command) => {
      const context = openContext(command)
      showOne(context.terminal, (await context.api.call<Api.ApiKeyEnvelope>('GET', await pathOf(context, key))).api_key)
    })
  keys
    .command('create')
    .description('make a key; it is shown this once')
    .option('--name <name>', 'what it is for')
    .option('--scope <scope>', 'resource:access, or resource:access:id,id; repeat it for more (default: all)', collect)
    .option('--owner', 'an owner key, which may also manage keys')
    .addHelpText(
      'after',
      `
Examples:
  discue keys create --name shop --scope messages:write
  discue keys create --name watch --scope queues:read --scope stats:read --json | jq -r .api_key`,
    )
    .action(async ({ name, owner, scope }: KeyOptions, command) => {
      const { api, terminal } = openContext(command)
      const body = { name, owner, scopes: scope?.map(scopeOf) }
      const { _links, ...issued } = await api.call<Api.CreateApiKeyResult>('POST', '/api_keys', { body })
      showOne(terminal, issued)
      terminal.note('Keep it: it is not shown again.')
    })
  keys
    .command('update <key>')
    .description('rename a key, or replace its scopes')
    .option('--name <name>', 'its new name')
    .option('--scope <scope>', 'resource:access, or resource:access:id,id; repeat it for more', collect)
    .action((key, { name, scope }: KeyOptions, command) =>
      change(openContext(command), key, { name, scopes: scope?.map(scopeOf) }),
    )
  for (const [verb, status] of [
    ['enable', 'enabled'],
    ['disable', 'disabled'],
  ] as const) {
    keys
      .command(`${verb} <key>`)
      .description(status === 'enabled' ? 'let it be used again' : 'refuse it until it is enabled')
      .action((key, _, command) => change(openContext(command), key, { status }))
  }
  askingFirst(keys.command('delete <key>'))
    .description('delete a key')
    .action(async (key, _, command) => {
      const context = openContext(command)
      const path = await pathOf(context, key)
      showDone(context.terminal, await context.api.call('DELETE', path), `deleted key ${path.split('/').at(-1)}`)
    })
}

async function pathOf({ api, runtime }: Context, text: string): Promise<string> {
  const ask = { path: '/api_keys', collection: 'api_keys', what: 'key', text }
  return `/api_keys/${await resolveId(api, runtime.now(), ask)}`
}

async function change(context: Context, key: string, body: object): Promise<void> {
  showOne(
    context.terminal,
    (await context.api.call<Api.ApiKeyEnvelope>('PATCH', await pathOf(context, key), { body })).api_key,
  )
}

function scopeOf(text: string): object {
  const [, resource, access, targets] = /^([a-z_]+):(read|write)(?::(.+))?$/.exec(text) ?? []
  if (resource === undefined) {
    throw new UsageFailure(`"${text}" is no scope; write resource:read or resource:write, with :id,id for some only`)
  }
  return { resource, access, targets: targets === undefined || targets === '*' ? '*' : targets.split(',') }
}

function scopesText(scopes: readonly Api.ApiKeyScope[]): string {
  return scopes.map(({ resource, access, targets }) => `${resource}:${access}${targetsText(targets)}`).join(' ')
}

/** The description leaves the targets of an answer open; they are what was sent. */
function targetsText(targets: unknown): string {
  return !Array.isArray(targets) || targets[0] === '*' ? '' : `:${targets.join(',')}`
}
