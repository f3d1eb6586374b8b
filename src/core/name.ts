/** 1 to 128 of these characters, at least one of them a letter or digit. */
export const NAME_PATTERN = '^(?=.*[A-Za-z0-9])[A-Za-z0-9._/-]{1,128}$'
export const NAME_RULE = '1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit'

const NAME = new RegExp(NAME_PATTERN)

/** What version 2 of the API takes as an alias, where one is written. */
const ALIAS = /^[A-Za-z0-9._-]{4,64}$/
const ALIAS_RULE = '4 to 64 characters of A-Z a-z 0-9 . _ -, at least one of them a letter or digit'

/** Keys that `_links` uses itself; a resource of that name would hide one of them. */
export const RESERVED_NAMES: readonly string[] = ['self', 'next', 'prev', 'first', 'last', 'schema']

/** Why a name is refused, or null where it is fine. */
export function nameFault(name: string): string | null {
  if (!NAME.test(name)) return `must be ${NAME_RULE}`
  if (RESERVED_NAMES.includes(name)) return `is reserved; these cannot be names: ${RESERVED_NAMES.join(', ')}`
  return null
}

/** Why an alias is refused, or null where it is fine. It is a name, and so bound to the rules of names, too. */
export function aliasFault(alias: string): string | null {
  return ALIAS.test(alias) ? nameFault(alias) : `must be ${ALIAS_RULE}`
}

/** The name in answers: of a message or key that was given none, its id. */
export function shownName({ id, name }: { id: string; name: string | null }): string {
  return name ?? id
}

/** What a change makes of the name; undefined where nothing, as where the shown name is sent back. */
export function changedName(wanted: string | undefined, current: { id: string; name: string | null }) {
  return wanted === shownName(current) ? undefined : wanted
}
