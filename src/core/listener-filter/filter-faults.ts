import type { Fault } from '../problem.ts'
import { FaultList, listed, quoted } from '../schema/fault-list.ts'
import { readDataPath } from './data-path.ts'
import {
  COMPARISONS,
  type ComparisonName,
  isObject,
  isScalar,
  MAX_CONDITIONS,
  MAX_FILTER_BYTES,
  MAX_LEVELS,
} from './filter.ts'
import { namePatternFault } from './name-pattern.ts'

const SCALAR = 'must be a string, a number, true, false or null'
const OPERATORS = [...COMPARISONS, '$or', '$not']

/**
 * Why what a client sent is no filter of a listener, at most 20 faults with paths below `path`; none means that it is one
 * (`ListenerFilter`). The time is linear in its length, for which there is a limit.
 */
export function filterFaults(sent: unknown, path = '/filter'): Fault[] {
  const faults = new FaultList(path)
  if (!isObject(sent)) faults.add('must be an object with name, data or both; null takes the filter away')
  else if (Buffer.byteLength(JSON.stringify(sent)) > MAX_FILTER_BYTES) {
    faults.add(`must be at most ${MAX_FILTER_BYTES} bytes of JSON`)
  } else new Inspection(faults).readFilter(sent)
  return faults.faults
}

/** One walk through a filter that was sent. */
class Inspection {
  readonly #faults: FaultList
  #conditions = 0

  constructor(faults: FaultList) {
    this.#faults = faults
  }

  readFilter(sent: Record<string, unknown>): void {
    const names = Object.keys(sent)
    if (names.length === 0) this.#faults.add('must have name, data or both; null takes the filter away')
    for (const name of names) {
      if (name === 'name') this.#within(name, () => this.#readPatterns(sent[name]))
      else if (name === 'data') this.#within(name, () => this.#readData(sent[name], 1))
      else this.#faults.addBelow(name, 'is no property of a filter; allowed are "name" and "data"')
    }
    if (this.#conditions > MAX_CONDITIONS) {
      this.#faults.add(`must have at most ${MAX_CONDITIONS} conditions, and has ${this.#conditions}`)
    }
  }

  #readPatterns(sent: unknown): void {
    this.#readEach(sent, 'must be an array of at least one pattern', (pattern) => {
      this.#conditions += 1
      const fault = namePatternFault(pattern)
      if (fault !== null) this.#faults.add(fault)
    })
  }

  #readData(sent: unknown, level: number): void {
    if (!this.#isFilled(sent, 'must be an object of at least one path with what its value must be', level)) return
    for (const name of Object.keys(sent)) this.#within(name, () => this.#readEntry(name, sent[name], level))
  }

  #readEntry(name: string, sent: unknown, level: number): void {
    const next = level + 1
    if (name === '$or')
      this.#readEach(sent, 'must be an array of at least one object', (it) => this.#readData(it, next))
    else if (name === '$not') this.#readData(sent, next)
    else if (name.startsWith('$')) {
      this.#faults.add(
        'is no operator here; allowed are "$or", "$not" and paths, in which \\$ stands for a dollar sign',
      )
    } else if (readDataPath(name) === null) {
      this.#faults.add(
        'must be a path: steps with dots between them, none of them empty; \\. stands for a dot in a step',
      )
    } else this.#readComparison(sent, level)
  }

  #readComparison(sent: unknown, level: number): void {
    if (isScalar(sent)) {
      this.#conditions += 1
      return
    }
    if (!this.#isFilled(sent, `${SCALAR}, or an object of operators such as {"$gt":5}`, level)) return
    for (const name of Object.keys(sent)) this.#within(name, () => this.#readOperator(name, sent[name], level))
  }

  #readOperator(name: string, sent: unknown, level: number): void {
    const next = level + 1
    if (name === '$or') {
      this.#readEach(sent, 'must be an array of at least one comparison', (it) => this.#readComparison(it, next))
    } else if (name === '$not') this.#readComparison(sent, next)
    else if (isComparison(name)) {
      this.#conditions += 1
      const fault = operandFault(name, sent)
      if (fault !== null) this.#faults.add(fault)
    } else if (name.startsWith('$')) this.#faults.add(`is no operator; allowed are ${listed(OPERATORS)}`)
    else this.#faults.add(`is no operator; write the path ${quoted(`….${name}`)} for what is within a value`)
  }

  /** Whether it is an object with something in it, and not too deep. */
  #isFilled(sent: unknown, rule: string, level: number): sent is Record<string, unknown> {
    if (level > MAX_LEVELS) {
      this.#faults.add(`must not be within more than ${MAX_LEVELS} levels of $or and $not`)
      return false
    }
    if (isObject(sent) && Object.keys(sent).length > 0) return true
    this.#faults.add(rule)
    return false
  }

  #readEach(sent: unknown, rule: string, read: (entry: unknown) => void): void {
    if (!Array.isArray(sent) || sent.length === 0) {
      this.#faults.add(rule)
      return
    }
    for (const [index, entry] of sent.entries()) this.#within(index, () => read(entry))
  }

  #within(step: string | number, read: () => void): void {
    if (this.#faults.full) return
    this.#faults.enter(step)
    read()
    this.#faults.leave()
  }
}

function isComparison(name: string): name is ComparisonName {
  return (COMPARISONS as readonly string[]).includes(name)
}

function operandFault(name: ComparisonName, sent: unknown): string | null {
  switch (name) {
    case '$eq':
    case '$ne':
    case '$contains':
      return isScalar(sent) ? null : SCALAR
    case '$in':
    case '$nin':
      return Array.isArray(sent) && sent.length > 0 && sent.every(isScalar)
        ? null
        : 'must be an array of at least one string, number, true, false or null'
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return typeof sent === 'string' || (typeof sent === 'number' && Number.isFinite(sent))
        ? null
        : 'must be a number or a string'
    case '$exists':
      return typeof sent === 'boolean' ? null : 'must be true or false'
    case '$startsWith':
    case '$endsWith':
      return typeof sent === 'string' ? null : 'must be a string'
  }
}
