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
  NAME: (organization: Api.ApiClient) => organization.name,
  ID: (organization: Api.ApiClient) => organization.id,
  STATUS: (organization: Api.ApiClient) => organization.status,
  LIMITS: (organization: Api.ApiClient) => limitsText(organization.limits),
  CREATED: (organization: Api.ApiClient) => momentText(organization.created_at),
}

const LIMIT_HELP = 'such as queues=10, or queues=none; repeat it for more'

interface OrganizationOptions {
  name?: string
  limit?: string[]
}

export function addOrganizations(program: Command): void {
  const organizations = program
    .command('organizations')
    .description('list, make, limit, freeze and delete organizations (api clients); with the root key')
  organizations
    .command('list', { isDefault: true })
    .description('all organizations of the server')
    .action(async (_, command) => {
      const { api, terminal } = openContext(command)
      const entries = await Array.fromAsync(api.all<Api.ApiClient>('/api_clients', 'api_clients'))
      showList(terminal, entries, COLUMNS, 'There is no organization to see.')
    })
  organizations
    .command('show <organization>')
    .description('one organization, by its name or id')
    .action(async (organization, _, command) => {
      const context = openContext(command)
      const path = await pathOf(context, organization)
      showOne(context.terminal, (await context.api.call<Api.ApiClientEnvelope>('GET', path)).api_client)
    })
  organizations
    .command('create <name>')
    .description('make an organization; its owner key is shown this once')
    .option('--limit <limit>', LIMIT_HELP, collect)
    .addHelpText(
      'after',
      `
Limits: queues, listeners, api_keys, schedules, stored_messages, messages_per_day, requests_per_minute.

Examples:
  discue organizations create example.com/dev
  discue organizations create example.com/dev --limit queues=10 --limit messages_per_day=50000`,
    )
    .action(async (name, { limit }: OrganizationOptions, command) => {
      const { api, terminal } = openContext(command)
      const body = { name, limits: limitsOf(limit) }
      const { _links, ...made } = await api.call<Api.CreateApiClientResult>('POST', '/api_clients', { body })
      showOne(terminal, made)
      terminal.note('Keep the key: with it the organization makes its own, and it is not shown again.')
    })
  addChanging(organizations)
}

function addChanging(organizations: Command): void {
  organizations
    .command('update <organization>')
    .description('rename or limit an organization; what is not given stays as it is')
    .option('--name <name>', 'its new name')
    .option('--limit <limit>', LIMIT_HELP, collect)
    .action((organization, { name, limit }: OrganizationOptions, command) =>
      change(openContext(command), organization, { name, limits: limitsOf(limit) }),
    )
  for (const [verb, status, what] of [
    ['freeze', 'frozen', 'let it write nothing; what it has sent is delivered'],
    ['thaw', 'active', 'let it write again'],
  ] as const) {
    organizations
      .command(`${verb} <organization>`)
      .description(what)
      .action((organization, _, command) => change(openContext(command), organization, { status }))
  }
  askingFirst(organizations.command('delete <organization>'))
    .description('delete an organization with its keys, queues, listeners, messages and schedules')
    .action(async (organization, _, command) => {
      const context = openContext(command)
      const path = await pathOf(context, organization)
      const answer = await context.api.call('DELETE', path)
      showDone(context.terminal, answer, `deleted organization ${path.split('/').at(-1)}`)
    })
}

async function pathOf({ api, runtime }: Context, text: string): Promise<string> {
  const ask = { path: '/api_clients', collection: 'api_clients', what: 'organization', text }
  return `/api_clients/${await resolveId(api, runtime.now(), ask)}`
}

async function change(context: Context, organization: string, body: object): Promise<void> {
  const path = await pathOf(context, organization)
  showOne(context.terminal, (await context.api.call<Api.ApiClientEnvelope>('PATCH', path, { body })).api_client)
}

/** Which limits there are is the server's to say. */
function limitsOf(texts: string[] | undefined): Record<string, number | null> | undefined {
  if (texts === undefined) return undefined
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([a-z_]+)=(none|\d+)$/.exec(text) ?? []
      if (name === undefined) throw new UsageFailure(`"${text}" is no limit; write queues=10, or queues=none`)
      return [name, value === 'none' ? null : Number(value)]
    }),
  )
}

function limitsText(limits: Api.Limits): string {
  const set = Object.entries(limits).filter(([, value]) => value !== null)
  return set.map(([name, value]) => `${name}=${value}`).join(' ') || 'none'
}
