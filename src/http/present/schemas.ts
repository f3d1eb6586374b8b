import { type TProperties, type TSchema, type TSchemaOptions, Type } from 'typebox'
import { NAME_RULE } from '../../core/name.ts'
import { EXAMPLE_ID } from '../openapi/examples.ts'

/** Pages are 100 entries unless told. */
export const DEFAULT_PAGE_SIZE = 100
/** Far beyond any listing, and small enough that an offset stays exact. */
export const MAX_PAGE = 1_000_000_000

export const Name = Type.String({ format: 'name', description: NAME_RULE })
/** In answers about what need not have one. */
export const ShownName = Type.String({ description: 'its id where it was given none', examples: ['orders'] })
export const Id = Type.String({
  description: '21 characters of 0-9 A-Z a-z, sorted by time of creation',
  examples: [EXAMPLE_ID],
})
const epoch = { description: 'milliseconds since the Unix epoch', examples: [1_767_225_600_000] }
export const Time = Type.Integer(epoch)
export const NullableTime = Type.Unsafe<number | null>({ type: ['integer', 'null'], ...epoch })
export const NullableText = Type.Unsafe<string | null>({ type: ['string', 'null'], examples: [null] })
export const NullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'], examples: [null] })

const Link = Type.Object({ href: Type.String() }, { title: 'Link' })
/** `self`, and whatever else a resource or a listing links to. */
export const Links = Type.Object({ self: Link }, { title: 'Links', additionalProperties: Link })
/** For answers that link to nothing but themselves: serialized without looking for more. */
export const SelfLink = Type.Object({ self: Link }, { title: 'SelfLink' })

/** An entry of a listing that holds no more than where to find the whole: `QueueRef` is one of a `Queue`. */
export function refTo(whole: string) {
  return Type.Object({ id: Id, name: Type.String({ examples: ['orders'] }) }, { title: `${whole}Ref` })
}

/** The query parameters that every route takes. */
export const Query = Type.Object({ pretty: Type.Optional(Type.Boolean({ description: 'indent the answer' })) })

const listing = {
  ...Query.properties,
  _embed: Type.Optional(Type.Boolean({ description: 'add the full resources' })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: 'which page, from 1' })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: DEFAULT_PAGE_SIZE, description: 'entries of a page' })),
}

/** On listings that hold everything unless they are paged. */
export const ListingQuery = Type.Object(listing)
/** On listings that are always paged. */
export const CursorQuery = Type.Object({
  ...listing,
  cursor: Type.Optional(Type.String({ description: 'from _links.next of the page before' })),
})

/** On listings whose entries are always full, and that go on by cursor alone. */
export const OnwardQuery = Type.Object({
  ...Query.properties,
  per_page: listing.per_page,
  cursor: CursorQuery.properties.cursor,
})

const Fault = Type.Object({
  path: Type.String({ description: 'a JSON pointer into the body, or the name of a parameter or header' }),
  message: Type.String(),
})
export const Problem = Type.Object(
  {
    title: Type.String({ description: 'the reason phrase of the status' }),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Fault)),
  },
  { title: 'Problem' },
)

/** What a route answers: one shape where it went well, the same shape of problem everywhere else. */
export function answers<Body extends TSchema>(body: Body) {
  return { 200: body, '4xx': Problem, '5xx': Problem }
}

/** One resource, wrapped in its name. */
export function single<Full extends TSchema>(name: string, full: Full, links: TSchema = Links) {
  const title = titleOf(full)
  return answers(Type.Object({ [name]: full, _links: links }, title === undefined ? {} : { title: `${title}Envelope` }))
}

/** References, with `_embed` the full resources, and links. */
export function collection<Full extends TSchema>(name: string, full: Full) {
  const title = titleOf(full)
  if (title === undefined) throw new Error(`what is listed as ${name} needs a title`)
  const embedded = Type.Optional(Type.Object({ [name]: Type.Array(full) }))
  const refs = Type.Array(refTo(title))
  return answers(Type.Object({ [name]: refs, _embedded: embedded, _links: Links }, { title: `${title}List` }))
}

function titleOf(schema: TSchema): string | undefined {
  return (schema as { title?: string }).title
}

export const Deleted = answers(Type.Object({ _links: SelfLink }, { title: 'Deleted' }))

/** A body in which nothing unknown may be. */
export function strict<Properties extends TProperties>(properties: Properties, more: TSchemaOptions = {}) {
  return Type.Object(properties, { ...more, additionalProperties: false })
}

/** Properties that callers may send back as they read them, and that then count for nothing. */
export function readOnly<Key extends string>(...names: Key[]): Record<Key, typeof Ignored> {
  return Object.fromEntries(names.map((name) => [name, Ignored])) as Record<Key, typeof Ignored>
}

const Ignored = Type.Optional(Type.Unknown({ readOnly: true }))
