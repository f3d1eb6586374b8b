import { type Command, Option } from 'commander'
import { readVariable } from '../../config/sources.ts'
import { AUTH_TYPES, CLIENT_STYLES, SECRET_NAMES } from '../../core/delivery/credentials/listener-auth.ts'
import { UsageFailure } from './failure.ts'
import { readTextFile } from './given-text.ts'

/** How deliveries say who sends them. Its secret comes from a file or the environment: command lines are seen by others. */
export interface AuthOptions {
  auth?: (typeof AUTH_TYPES)[number] | 'none'
  authUser?: string
  authSecretFile?: string
  authSecretEnv?: string
  tokenUrl?: string
  clientId?: string
  scope?: string[]
  audience?: string
  clientStyle?: (typeof CLIENT_STYLES)[number]
}

export function addAuthOptions(command: Command): Command {
  return command
    .addOption(new Option('--auth <type>', 'how its deliveries say who sends them').choices([...AUTH_TYPES, 'none']))
    .option('--auth-user <name>', 'with --auth basic')
    .option('--auth-secret-file <path>', 'a file with the password, the token, or the secret of the client')
    .option(
      '--auth-secret-env <name>',
      'an environment variable with it; an update without either keeps what is stored',
    )
    .option('--token-url <url>', 'with --auth oauth2: where a token is fetched')
    .option('--client-id <id>', 'with --auth oauth2')
    .option('--scope <scope>', 'with --auth oauth2; repeat it for more', (value, before: string[] = []) => [
      ...before,
      value,
    ])
    .option('--audience <audience>', 'with --auth oauth2')
    .addOption(
      new Option('--client-style <where>', 'with --auth oauth2: credentials in a header, or in the body').choices([
        ...CLIENT_STYLES,
      ]),
    )
}

/** What `auth` is in the body for the API; undefined where nothing was said of it. Throws `UsageFailure` and `Failure`. */
export function authBody(options: AuthOptions): Record<string, unknown> | null | undefined {
  const { auth, authUser, tokenUrl, clientId, scope, audience, clientStyle } = options
  const details = { username: authUser, token_url: tokenUrl, client_id: clientId, scopes: scope, audience }
  const given = Object.entries({ ...details, style: clientStyle }).filter(([, value]) => value !== undefined)
  const secret = secretOf(options)
  if (auth === undefined || auth === 'none') {
    if (given.length > 0 || secret !== undefined) throw new UsageFailure(`these options need ${NEEDED}`)
    return auth === undefined ? undefined : null
  }
  return { type: auth, ...Object.fromEntries(given), [SECRET_NAMES[auth]]: secret ?? '***' }
}

const NEEDED = `--auth ${AUTH_TYPES.join(', --auth ')}`

function secretOf({ authSecretFile: path, authSecretEnv: name }: AuthOptions): string | undefined {
  if (path !== undefined && name !== undefined)
    throw new UsageFailure('--auth-secret-file and --auth-secret-env say the same; one of them is enough')
  // A file ends with a line break, which is no part of what is in it.
  if (path !== undefined) return readTextFile(path).replace(/\r?\n$/, '')
  if (name === undefined) return undefined
  const value = readVariable(name)
  if (value === null) throw new UsageFailure(`--auth-secret-env: there is no environment variable ${name}`)
  return value
}
