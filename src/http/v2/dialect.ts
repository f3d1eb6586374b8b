import { type TProperties, Type } from 'typebox'
import { aliasFault } from '../../core/name.ts'
import { Problem } from '../../core/problem.ts'
import { Id } from '../present/schemas.ts'

/*
 * How version 2 speaks of what version 1 does. Each field that is not named here is spoken as there.
 *
 * | version 1                                  | version 2                                                           |
 * | `name`                                     | `alias`, 4 to 64 characters where one is written                    |
 * | `api_key`, the text of a new key           | `api_key.key`, of an object that every answer about a key has       |
 * | `scopes: [{ resource, access, targets }]`  | `scopes: { <resource>: { access, targets: […] } }`                  |
 * | `https` of a domain                        | `challenge.https`                                                   |
 * | `status`, `verified_at`, `verified_until`  | `verification: { verified, verified_at }`, 0 where it never was     |
 */

/** The tag of every operation of version 2. */
export const TAGS = ['v2']

/** For what is created. */
export const Alias = Type.String({ format: 'alias' })
/** For what is changed: the name that a resource has from version 1 may be sent back, whatever it is. */
export const SentAlias = Type.String({ format: 'name', description: 'as where one is created, or the one that it has' })

/** An entry of a list, by its id and alias. */
export function aliasRefTo(whole: string) {
  return Type.Object({ id: Id, alias: Type.String() }, { title: `${whole}RefV2` })
}

/** The properties of a schema of version 1 but its name. */
export function nameless<Properties extends TProperties>({ properties }: { properties: Properties }) {
  const { name: _, ...rest } = properties
  return rest as Omit<Properties, 'name'>
}

/** What is shown of version 1 with an alias in place of its name; what has none goes by its id. */
export function aliased<Full extends { id: string; name?: string }>({ id, name, ...rest }: Full) {
  return { id, alias: name ?? id, ...rest }
}

/** A body of version 2 in the words of version 1. */
export function named<Body extends { alias: string }>(body: Body): Omit<Body, 'alias'> & { name: string }
export function named<Body extends { alias?: string }>(body: Body): Omit<Body, 'alias'> & { name?: string }
export function named<Body extends { alias?: string }>({ alias, ...rest }: Body) {
  return { ...rest, name: alias }
}

/** Throws `invalid` for an alias that is not one, unless it is the name that the resource has. */
export function expectAlias(alias: string | undefined, name: string | null): void {
  const fault = alias === undefined || alias === name ? null : aliasFault(alias)
  if (fault !== null) throw new Problem('invalid', { errors: [{ path: '/alias', message: fault }] })
}

/**
 * A problem in the words of version 2. Whatever else was thrown stays as it is. Where the body has a `name` it was refused
 * as a field that version 2 does not have, and goes by what the client called it.
 */
export function respoken(error: unknown, body: unknown): unknown {
  if (!(error instanceof Problem)) return error
  const sentName = typeof body === 'object' && body !== null && Object.hasOwn(body, 'name')
  const errors = error.errors?.map(({ path, message }) =>
    path === '/name' && !sentName
      ? { path: '/alias', message: message.replace(/\bname\b/, 'alias') }
      : { path, message },
  )
  const detail = error.code === 'name_taken' ? 'alias is taken' : error.detail
  return new Problem(error.code, { detail, errors, headers: error.headers, cause: error.cause })
}
