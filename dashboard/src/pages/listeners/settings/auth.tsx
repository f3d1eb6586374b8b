import type { Listener } from '../../../api/types.ts'
import { Choice, Field } from '../../../parts/field.tsx'
import type { Section } from './section.ts'

type Name = 'type' | 'username' | 'secret' | 'tokenUrl' | 'clientId' | 'scopes' | 'audience' | 'style'

/** What the server shows in place of a secret; sent back, it keeps the one that is set. */
const HIDDEN = '***'
const KEPT = 'It is set, and never shown: leave it as it is to keep it.'

/** The auth of the API by its type: each has properties of its own. */
function authOf(typed: Record<Name, string>): object | null {
  const { type, username, secret, tokenUrl, clientId, audience, style } = typed
  if (type === 'basic') return { type, username, password: secret }
  if (type === 'bearer') return { type, token: secret }
  if (type !== 'oauth2') return null
  const scopes = typed.scopes.split(/\s+/).filter((scope) => scope !== '')
  const client = { token_url: tokenUrl, client_id: clientId, client_secret: secret, style }
  return { type, ...client, scopes, audience: audience || null }
}

function summaryOf(auth: NonNullable<Listener['auth']>): string {
  if (auth.type === 'basic') return `user name ${auth.username} and password`
  return auth.type === 'bearer' ? 'a token' : `OAuth 2, token from ${auth.token_url}`
}

/** How deliveries say who sends them. */
export const auth: Section<Name> = {
  title: 'Authentication',
  pushOnly: true,
  typedOf: (listener) => {
    const { type, username, token_url, client_id, scopes, audience, style } = listener?.auth ?? {}
    return {
      type: type ?? 'none',
      username: username ?? '',
      secret: type === undefined ? '' : HIDDEN,
      tokenUrl: token_url ?? '',
      clientId: client_id ?? '',
      scopes: (scopes ?? []).join(' '),
      audience: audience ?? '',
      style: style ?? 'basic',
    }
  },
  bodyOf: (typed) => ({ auth: authOf(typed) }),
  faults: {
    '/auth/username': 'username',
    '/auth/password': 'secret',
    '/auth/token': 'secret',
    '/auth/client_secret': 'secret',
    '/auth/token_url': 'tokenUrl',
    '/auth/client_id': 'clientId',
    '/auth/scopes': 'scopes',
    '/auth/audience': 'audience',
  },
  Fields: ({ typed, field }) => {
    const secret = {
      ...field('secret'),
      type: 'password',
      mono: true,
      hint: typed.secret === HIDDEN ? KEPT : undefined,
    }
    return (
      <>
        <Choice
          label="Deliveries authenticate"
          options={[
            ['none', 'By their signature alone'],
            ['basic', 'By user name and password'],
            ['bearer', 'By a token'],
            ['oauth2', 'By OAuth 2 client credentials'],
          ]}
          {...field('type')}
        />
        {typed.type === 'basic' && (
          <div className="form-row">
            <Field label="User name" {...field('username')} />
            <Field label="Password" {...secret} />
          </div>
        )}
        {typed.type === 'bearer' && <Field label="Token" {...secret} />}
        {typed.type === 'oauth2' && (
          <>
            <Field label="Token URL" placeholder="https://login.example.com/token" {...field('tokenUrl')} />
            <div className="form-row">
              <Field label="Client id" {...field('clientId')} />
              <Field label="Client secret" {...secret} />
            </div>
            <div className="form-row">
              <Field label="Scopes (optional)" hint="With spaces between them." {...field('scopes')} />
              <Field label="Audience (optional)" {...field('audience')} />
              <Choice
                label="The client says who it is"
                options={[
                  ['basic', 'In a header'],
                  ['body', 'In the body'],
                ]}
                {...field('style')}
              />
            </div>
          </>
        )}
      </>
    )
  },
  facts: (listener) => (listener.auth ? [['Authentication', `${summaryOf(listener.auth)} (set, and not shown)`]] : []),
}
