import { type Static, Type } from 'typebox'
import {
  AUTH_TYPES,
  type AuthChange,
  type AuthType,
  CLIENT_STYLES,
  SECRET_NAMES,
  type StoredAuth,
} from '../../../core/delivery/credentials/listener-auth.ts'
import { type Fault, Problem } from '../../../core/problem.ts'
import { strict } from '../../present/schemas.ts'
import { given, HIDDEN } from './write-only.ts'

const WRITE_ONLY = 'write-only: answers show ***, and *** in a change keeps the value that is stored'

const Auth = strict(
  {
    type: Type.Enum([...AUTH_TYPES], { title: 'AuthType' }),
    username: Type.Optional(Type.String({ description: 'of basic', examples: ['discue'] })),
    password: Type.Optional(Type.String({ description: `of basic; ${WRITE_ONLY}`, examples: [HIDDEN] })),
    token: Type.Optional(Type.String({ description: `of bearer; ${WRITE_ONLY}`, examples: [HIDDEN] })),
    token_url: Type.Optional(
      Type.String({ format: 'target', description: 'of oauth2', examples: ['https://login.example.com/token'] }),
    ),
    client_id: Type.Optional(Type.String({ description: 'of oauth2', examples: ['discue'] })),
    client_secret: Type.Optional(Type.String({ description: `of oauth2; ${WRITE_ONLY}`, examples: [HIDDEN] })),
    scopes: Type.Optional(Type.Array(Type.String({ examples: ['orders:write'] }), { description: 'of oauth2' })),
    audience: Type.Optional(
      Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'of oauth2', examples: [null] }),
    ),
    style: Type.Optional(
      Type.Enum([...CLIENT_STYLES], {
        title: 'ClientStyle',
        description: 'of oauth2: client_id and client_secret in a header (the default), or in the body',
      }),
    ),
  },
  {
    title: 'ListenerAuth',
    description:
      'how deliveries say who sends them: by a user name and password (basic), by a token (bearer), or by a token that the ' +
      'server fetches with the client credentials grant (oauth2); each type has properties of its own',
  },
)

type Sent = Static<typeof Auth>
type Property = keyof Sent

/** An example of every property would be of no type. */
const EXAMPLE = { type: 'basic', username: 'discue', password: 'correct-horse-battery' }

export const NullableAuth = Type.Unsafe<Sent | null>({ ...Auth, type: ['object', 'null'], examples: [EXAMPLE] })

/** What each type must have, and what it may have beside that. */
const PROPERTIES: Readonly<Record<AuthType, { must: readonly Property[]; may: readonly Property[] }>> = {
  basic: { must: ['username', 'password'], may: [] },
  bearer: { must: ['token'], may: [] },
  oauth2: { must: ['token_url', 'client_id', 'client_secret'], may: ['scopes', 'audience', 'style'] },
}

/** In the words of the use cases. Throws `invalid` where a property is missing, or is one of another type. */
export function authOf(sent: Sent): AuthChange {
  const errors = faultsOf(sent)
  if (errors.length > 0) throw new Problem('invalid', { errors })
  const { type, username = '', token_url = '', client_id = '', scopes = [], audience = null, style = 'basic' } = sent
  const secret = given(sent[SECRET_NAMES[type]] ?? '')
  if (type === 'basic') return { type, username, secret }
  if (type === 'bearer') return { type, secret }
  return { type, tokenUrl: token_url, clientId: client_id, scopes, audience, style, secret }
}

function faultsOf(sent: Sent): Fault[] {
  const { must, may } = PROPERTIES[sent.type]
  const missing = must.filter((name) => sent[name] === undefined)
  const foreign = Object.keys(sent).filter((name) => name !== 'type' && ![...must, ...may].includes(name as Property))
  return [
    ...missing.map((name) => ({ path: `/auth/${name}`, message: `is needed where type is ${sent.type}` })),
    ...foreign.map((name) => ({ path: `/auth/${name}`, message: `has no meaning where type is ${sent.type}` })),
  ]
}

/** As answers show it, without its secret. */
export function fullAuth(auth: StoredAuth): Sent {
  const { type } = auth
  if (type === 'basic') return { type, username: auth.username, password: HIDDEN }
  if (type === 'bearer') return { type, token: HIDDEN }
  const { tokenUrl, clientId, scopes, audience, style } = auth
  return {
    ...{ type, token_url: tokenUrl, client_id: clientId, client_secret: HIDDEN },
    ...{ scopes: [...scopes], audience, style },
  }
}
