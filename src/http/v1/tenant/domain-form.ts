import { type Static, Type } from 'typebox'
import { type Domain as Verifiable, verifiedUntil } from '../../../core/tenant/domain.ts'
import { paths } from '../../present/links.ts'
import { Id, Name, NullableTime, readOnly, strict, Time } from '../../present/schemas.ts'

const EXAMPLE_HOST = 'shop.example.com'
const Hostname = Type.String({
  format: 'host-name',
  description: 'the name of a host, without scheme, port or path',
  examples: [EXAMPLE_HOST],
})
const Port = Type.Integer({ minimum: 1, maximum: 65_535, description: 'of HTTPS; 443 unless told', examples: [443] })

/** What creates a domain. */
export const NewDomain = strict({ name: Name, hostname: Hostname, port: Type.Optional(Port) })

/** What changes one; at another place it has yet to be verified. */
export const DomainChange = strict({
  name: Type.Optional(Name),
  hostname: Type.Optional(Hostname),
  port: Type.Optional(Port),
  ...readOnly('id', 'status', 'verified_at', 'verified_until', 'https', 'created_at', 'updated_at'),
})

/** The full form. */
export const Domain = Type.Object(
  {
    id: Id,
    name: Type.String(),
    hostname: Type.String({ examples: [EXAMPLE_HOST] }),
    port: Port,
    status: Type.Enum(['pending', 'verified'], { description: 'verified: listeners can be there' }),
    verified_at: NullableTime,
    verified_until: NullableTime,
    https: Type.Object(
      {
        context_path: Type.String({ examples: ['.well-known/discue'] }),
        file_name: Type.String({ examples: ['QGz3oSOkYkOVyYBMUAyhW1WsYYlRpF0v.txt'] }),
        file_content: Type.String({ examples: ['3sV3kIwdfn6xVbZDx8rXNhJxjq4sDVfGSJxjMjmYY1U'] }),
        created_at: Time,
        expires_at: Time,
      },
      { description: 'a file with this content at https://hostname:port/context_path/file_name verifies the domain' },
    ),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'Domain' },
)

export function fullDomain(domain: Verifiable, now: number): Static<typeof Domain> {
  const { id, name, hostname, port, challenge, verifiedAt, createdAt, updatedAt } = domain
  const until = verifiedUntil(domain, now)
  return {
    ...{ id, name, hostname, port },
    status: until === null ? 'pending' : 'verified',
    verified_at: verifiedAt,
    verified_until: until,
    https: {
      context_path: challenge.contextPath,
      file_name: challenge.fileName,
      file_content: challenge.fileContent,
      created_at: challenge.createdAt,
      expires_at: challenge.expiresAt,
    },
    created_at: createdAt,
    updated_at: updatedAt,
  }
}

/** How listings of domains show them. */
export function listedAt(now: number) {
  return {
    collection: 'domains',
    path: paths.domains,
    entry: ({ id, name }: Verifiable) => ({ id, name, path: paths.domain(id) }),
    full: (domain: Verifiable) => fullDomain(domain, now),
  }
}
