import { type Static, Type } from 'typebox'
import { LIMIT_NAMES, type Limits, type Organization } from '../../../core/tenant/organization.ts'
import { paths } from '../../present/links.ts'
import { Id, Name, readOnly, strict, Time } from '../../present/schemas.ts'

const LIMITS = Object.keys(LIMIT_NAMES) as (keyof Limits)[]

const Quota = limitFrom(0)
const FullLimits = Type.Object(
  {
    queues: Quota,
    listeners: Quota,
    api_keys: Quota,
    schedules: Quota,
    stored_messages: Quota,
    messages_per_day: Quota,
    requests_per_minute: limitFrom(1),
  },
  { title: 'Limits' },
)
const LimitsChange = Type.Partial(FullLimits, { title: 'LimitsChange', additionalProperties: false })
const Status = Type.Enum(['active', 'frozen'])

/** The full form. */
export const ApiClient = Type.Object(
  {
    id: Id,
    name: Type.String(),
    status: Status,
    limits: FullLimits,
    created_at: Time,
    updated_at: Time,
    root: Type.Optional(Type.Boolean({ description: 'the one that the root key belongs to' })),
  },
  { title: 'ApiClient' },
)

/** What makes one. */
export const NewApiClient = strict({ name: Name, limits: Type.Optional(LimitsChange) })

export const ApiClientChange = strict({
  name: Type.Optional(Name),
  status: Type.Optional(Status),
  limits: Type.Optional(LimitsChange),
  ...readOnly('id', 'created_at', 'updated_at', 'root'),
})

export function fullApiClient(organization: Organization): Static<typeof ApiClient> {
  return {
    id: organization.id,
    name: organization.name,
    status: organization.status,
    limits: shownLimits(organization.limits),
    created_at: organization.createdAt,
    updated_at: organization.updatedAt,
    ...(organization.root && { root: true }),
  }
}

/** The limits that the body names, in the words of the use cases. */
export function limitsOf(body: Static<typeof LimitsChange>): Partial<Limits> {
  const limits: Partial<Limits> = {}
  for (const limit of LIMITS) {
    const value = body[LIMIT_NAMES[limit]]
    if (value !== undefined) limits[limit] = value
  }
  return limits
}

/** How the listing shows them. */
export const asListed = {
  collection: 'api_clients',
  path: paths.apiClients,
  entry: ({ id, name }: Organization) => ({ id, name, path: paths.apiClient(id) }),
  full: fullApiClient,
}

function shownLimits(limits: Limits): Static<typeof FullLimits> {
  const entries = LIMITS.map((limit) => [LIMIT_NAMES[limit], limits[limit]])
  return Object.fromEntries(entries) as Static<typeof FullLimits>
}

function limitFrom(minimum: number) {
  const rule = { minimum, maximum: Number.MAX_SAFE_INTEGER, description: 'null means no limit' }
  return Type.Unsafe<number | null>({ type: ['integer', 'null'], ...rule })
}
