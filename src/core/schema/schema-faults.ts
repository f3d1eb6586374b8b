import type { Fault } from '../problem.ts'
import { listed } from './fault-list.ts'
import { MAX_LEVELS, type Rule } from './schema.ts'
import { checkLimits, SchemaSurvey } from './schema-limits.ts'

/**
 * What is wrong with a schema that a client sent; none means that it is a `Schema`. At most 20 faults, with paths
 * below `path`. The top level is an object like any other, so it declares at least one property: an empty schema
 * would let nothing but `{}` pass, and who wants no schema says null. Takes any value that JSON can express.
 */
export function schemaFaults(value: unknown, path = '/schema'): Fault[] {
  const survey = new SchemaSurvey(path)
  checkProperties(survey, value, 1)
  if (!survey.full) checkLimits(survey, value, path)
  return survey.faults
}

type Check = (survey: SchemaSurvey, value: unknown, level: number) => void

const checkProperties: Check = (survey, value, level) => {
  if (!isObject(value)) return survey.add('must be an object that maps each property to its rule')
  const names = Object.keys(value)
  if (names.length === 0) survey.add('must declare at least one property')
  survey.properties += names.length
  for (const name of names) {
    if (survey.full) return
    survey.enter(name)
    if (!name.isWellFormed()) survey.add(NOT_UNICODE)
    checkRule(survey, value[name], level)
    survey.leave()
  }
}

const checkRule: Check = (survey, value, level) => {
  if (level > MAX_LEVELS) return survey.add(`is on level ${level}; a schema has at most ${MAX_LEVELS} levels`)
  if (!isObject(value)) return survey.add('must be a rule, which is an object such as {"type":"string"}')
  const { type } = value
  if (type === undefined) return survey.addBelow('type', `is required; it is ${listed(TYPES)}`)
  if (!isType(type)) return survey.addBelow('type', `must be one of ${listed(TYPES)}`)
  checkMembers(survey, value, MEMBERS[type], level)
  if (isAbove(value.min, value.max)) survey.addBelow('min', 'must not be greater than max')
}

function checkMembers(survey: SchemaSurvey, rule: Record<string, unknown>, members: Members, level: number): void {
  for (const name of Object.keys(rule)) {
    if (survey.full) return
    if (name === 'type') continue
    survey.enter(name)
    const check = members.checks.get(name)
    if (check) check(survey, rule[name], level)
    else survey.add(`is not known here; allowed are ${listed(['type', ...members.checks.keys()])}`)
    survey.leave()
  }
  const { mandatory } = members
  if (mandatory !== null && !Object.hasOwn(rule, mandatory)) survey.addBelow(mandatory, 'is required')
}

const checkNextLevel: Check = (survey, value, level) => checkProperties(survey, value, level + 1)

const checkItems: Check = (survey, value, level) => checkRule(survey, value, level + 1)

const checkSwitch: Check = (survey, value) => {
  if (typeof value !== 'boolean') survey.add('must be true or false')
}

const checkLength: Check = (survey, value) => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) survey.add('must be a whole number of characters, from 0')
}

const checkNumber: Check = (survey, value) => {
  if (!Number.isFinite(value)) survey.add('must be a number that fits into 64 bits of floating point')
}

const checkEnum: Check = (survey, value) => {
  if (!Array.isArray(value) || value.length === 0) return survey.add('must be an array of at least one string')
  const seen = new Set<unknown>()
  for (const [index, entry] of value.entries()) {
    if (typeof entry !== 'string') survey.addBelow(index, 'must be a string')
    else if (!entry.isWellFormed()) survey.addBelow(index, NOT_UNICODE)
    else if (seen.has(entry)) survey.addBelow(index, 'must not be there twice')
    seen.add(entry)
    if (survey.full) return
  }
}

const checkPattern: Check = (survey, value) => {
  if (typeof value !== 'string') survey.add('must be a string with a regular expression')
  else if (!value.isWellFormed()) survey.add(NOT_UNICODE)
  else survey.patterns.push({ path: survey.path, text: value })
}

interface Members {
  checks: ReadonlyMap<string, Check>
  mandatory: string | null
}

/** The members that each type of rule has beside `type`. */
const MEMBERS: Record<Rule['type'], Members> = {
  object: membersOf({ props: checkNextLevel, required: checkSwitch, strict: checkSwitch }, 'props'),
  array: membersOf({ items: checkItems, required: checkSwitch }, 'items'),
  string: membersOf({
    pattern: checkPattern,
    enum: checkEnum,
    min: checkLength,
    max: checkLength,
    required: checkSwitch,
  }),
  number: membersOf({ min: checkNumber, max: checkNumber, required: checkSwitch }),
}

const TYPES = Object.keys(MEMBERS)

/** RFC 8785 has no form for it, so such a schema would have no id. */
const NOT_UNICODE = 'must be valid Unicode; it holds half of a surrogate pair'

/** A map, because `checks['constructor']` would find something that no schema declared. */
function membersOf(checks: Record<string, Check>, mandatory: string | null = null): Members {
  return { checks: new Map(Object.entries(checks)), mandatory }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isType(value: unknown): value is Rule['type'] {
  return typeof value === 'string' && TYPES.includes(value)
}

function isAbove(min: unknown, max: unknown): boolean {
  return typeof min === 'number' && typeof max === 'number' && min > max
}
