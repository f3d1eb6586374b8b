import { listed, quoted } from './fault-list.ts'
import { compilePattern } from './pattern.ts'
import type { StringRule } from './schema.ts'
import {
  boundsOf,
  type Check,
  MAX_BATCH_PATTERN_WORK,
  MAX_PATTERN_WORK,
  type SchemaCost,
  type SchemaInspection,
} from './schema-inspection.ts'

/** Tells what is wrong with a text, or null. */
type TextCheck = (text: string, inspection: SchemaInspection) => string | null

export function checkOfString(rule: StringRule, cost: SchemaCost): Check {
  const checks = [enumCheck(rule), lengthCheck(rule), patternCheck(rule, cost)].filter((check) => check !== null)
  return (inspection, value) => {
    if (typeof value !== 'string') return inspection.add('must be a string')
    for (const check of checks) {
      const fault = check(value, inspection)
      // The first is enough: a text of the wrong length would only pay for the pattern.
      if (fault !== null) return inspection.add(fault)
    }
  }
}

function enumCheck(rule: StringRule): TextCheck | null {
  if (rule.enum === undefined) return null
  const allowed = new Set(rule.enum)
  const fault = `must be one of ${listed(rule.enum)}`
  return (text) => (allowed.has(text) ? null : fault)
}

function lengthCheck(rule: StringRule): TextCheck | null {
  if (rule.min === undefined && rule.max === undefined) return null
  const { min = 0, max = Infinity } = rule
  const fault = `must have a length${boundsOf(rule)} characters`
  return (text) => {
    const length = codePointsOf(text)
    return length >= min && length <= max ? null : fault
  }
}

function patternCheck(rule: StringRule, cost: SchemaCost): TextCheck | null {
  if (rule.pattern === undefined) return null
  const pattern = compilePattern(rule.pattern)
  if ('fault' in pattern) throw new TypeError(`the pattern ${pattern.fault}`)
  cost.steps += pattern.steps
  const fault = `must match the pattern ${quoted(pattern.text)}`
  return (text, inspection) => {
    if (!inspection.spend(pattern.steps, text.length)) return tooMuchWork(pattern.steps, text.length)
    return pattern.test(text) ? null : fault
  }
}

function tooMuchWork(steps: number, characters: number): string {
  return (
    `costs too much to match: ${characters} characters with a pattern of ${steps} steps; ` +
    `characters times steps may be ${MAX_PATTERN_WORK} in all of a message, and ${MAX_BATCH_PATTERN_WORK} of a batch`
  )
}

/** Code points, as a reader counts characters; half of a surrogate pair alone is one. */
function codePointsOf(text: string): number {
  let count = text.length
  for (let index = 1; index < text.length; index++) {
    if (isLow(text.charCodeAt(index)) && isHigh(text.charCodeAt(index - 1))) count--
  }
  return count
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00
}
