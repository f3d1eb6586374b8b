import type { Command } from 'commander'
import type { Api } from '../client/api-types.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { numberOf } from '../client/listener-options.ts'
import { momentText } from '../client/moments.ts'
import { resolveId } from '../client/names.ts'
import { showDone, showList, showOne } from '../client/show.ts'
import type { Terminal } from '../client/terminal.ts'

const COLUMNS = {
  NAME: (domain: Api.Domain) => domain.name,
  ID: (domain: Api.Domain) => domain.id,
  PLACE: (domain: Api.Domain) => `${domain.hostname}:${domain.port}`,
  STATUS: (domain: Api.Domain) => domain.status,
  UNTIL: (domain: Api.Domain) => momentText(domain.verified_until),
}

interface DomainOptions {
  name?: string
  hostname?: string
  port?: string
}

export function addDomains(program: Command): void {
  const domains = program.command('domains').description('name, verify and delete the domains of listeners')
  domains
    .command('list', { isDefault: true })
    .description('all domains of the organization')
    .action(async (_, command) => {
      const { api, terminal } = openContext(command)
      const empty = 'There is no domain yet. Name one: discue domains create shop shop.example.com'
      showList(terminal, await Array.fromAsync(api.all<Api.Domain>('/domains', 'domains')), COLUMNS, empty)
    })
  domains
    .command('show <domain>')
    .description('one domain, and the file that verifies it')
    .action(async (domain, _, command) => {
      const context = openContext(command)
      showDomain(
        context.terminal,
        (await context.api.call<Api.DomainEnvelope>('GET', await pathOf(context, domain))).domain,
      )
    })
  domains
    .command('create <name> <hostname>')
    .description('name a domain; what verifies it is a file there, which this tells')
    .option('--port <port>', 'of HTTPS (default: 443)')
    .addHelpText(
      'after',
      `
Works where the server is configured with DISCUE_DOMAIN_VERIFICATION.

Examples:
  discue domains create shop shop.example.com
  discue domains verify shop`,
    )
    .action(async (name, hostname, { port }: DomainOptions, command) => {
      const { api, terminal } = openContext(command)
      const body = { name, hostname, port: numberOf('--port', port) }
      showDomain(terminal, (await api.call<Api.DomainEnvelope>('POST', '/domains', { body })).domain)
    })
  domains
    .command('update <domain>')
    .description('rename a domain, or move it, after which it has to be verified again')
    .option('--name <name>', 'its new name')
    .option('--hostname <hostname>', 'its new host')
    .option('--port <port>', 'its new port')
    .action(async (domain, { name, hostname, port }: DomainOptions, command) => {
      const context = openContext(command)
      const body = { name, hostname, port: numberOf('--port', port) }
      showDomain(
        context.terminal,
        (await context.api.call<Api.DomainEnvelope>('PATCH', await pathOf(context, domain), { body })).domain,
      )
    })
  domains
    .command('verify <domain>')
    .description('have the server look for the file')
    .action(async (domain, _, command) => {
      const context = openContext(command)
      const path = await pathOf(context, domain)
      showOne(
        context.terminal,
        (await context.api.call<Api.DomainEnvelope>('POST', `${path}/verify`, { body: {} })).domain,
      )
    })
  askingFirst(domains.command('delete <domain>'))
    .description('delete a domain; listeners that are there stay')
    .action(async (domain, _, command) => {
      const context = openContext(command)
      const path = await pathOf(context, domain)
      const answer = await context.api.call('DELETE', path)
      showDone(context.terminal, answer, `deleted domain ${path.split('/').at(-1)}`)
    })
}

async function pathOf({ api, runtime }: Context, text: string): Promise<string> {
  const ask = { path: '/domains', collection: 'domains', what: 'domain', text }
  return `/domains/${await resolveId(api, runtime.now(), ask)}`
}

/** With what is to be done next, as long as it is not verified. */
function showDomain(terminal: Terminal, domain: Api.Domain): void {
  showOne(terminal, domain)
  if (domain.status === 'verified') return
  const { context_path: path, file_name: file, file_content: content } = domain.https
  const port = domain.port === 443 ? '' : `:${domain.port}`
  terminal.note(`Put a file with the content ${content}
at https://${domain.hostname}${port}/${path}/${file}
before ${momentText(domain.https.expires_at)}, then: discue domains verify ${domain.name}`)
}
