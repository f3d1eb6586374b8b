import { FaultList } from './fault-list.ts'
import { compilePattern } from './pattern.ts'
import { patternSize } from './pattern-size.ts'
import {
  MAX_PATTERN_CHARACTERS,
  MAX_PATTERN_SIZE,
  MAX_PATTERN_STEPS,
  MAX_PROPERTIES,
  MAX_SCHEMA_BYTES,
} from './schema.ts'

/** What was seen of a schema: the faults so far, and what can only be judged once all of it was seen. */
export class SchemaSurvey extends FaultList {
  properties = 0
  readonly patterns: { path: string; text: string }[] = []
}

/** What only all of a schema together can break: its size, the number of its properties, and what its patterns cost. */
export function checkLimits(survey: SchemaSurvey, schema: unknown, path: string): void {
  // Only a schema without faults is known to be shallow enough for a recursive writer.
  const bytes = survey.faults.length === 0 ? new TextEncoder().encode(JSON.stringify(schema)).length : 0
  if (survey.properties > MAX_PROPERTIES) {
    survey.add(`must declare at most ${MAX_PROPERTIES} properties in all, not ${survey.properties}`, path)
  } else if (bytes > MAX_SCHEMA_BYTES) {
    survey.add(`must be at most ${MAX_SCHEMA_BYTES} bytes of JSON, not ${bytes}`, path)
  } else {
    checkPatterns(survey, path)
  }
}

/**
 * Compiles one pattern after the other, and stops at the first that is too much: what follows could be as costly. What is
 * surely too much is not compiled at all: a hundred times `a{0,1000}` would take seconds.
 */
function checkPatterns(survey: SchemaSurvey, path: string): void {
  const characters = survey.patterns.reduce((sum, pattern) => sum + pattern.text.length, 0)
  if (characters > MAX_PATTERN_CHARACTERS) {
    survey.add(`must have at most ${MAX_PATTERN_CHARACTERS} characters of patterns in all, not ${characters}`, path)
    return
  }
  let [size, steps] = [0, 0]
  for (const pattern of survey.patterns) {
    if (survey.full || steps > MAX_PATTERN_STEPS) return
    size += patternSize(pattern.text)
    if (size > MAX_PATTERN_SIZE) {
      survey.add(tooManySteps(`some ${size}`), pattern.path)
      return
    }
    const compiled = compilePattern(pattern.text)
    if ('fault' in compiled) survey.add(compiled.fault, pattern.path)
    else steps += compiled.steps
    if (steps > MAX_PATTERN_STEPS) survey.add(tooManySteps(`${steps}`), pattern.path)
  }
}

function tooManySteps(steps: string): string {
  return (
    `is too large: with it, the schema's patterns compile to ${steps} steps, and ${MAX_PATTERN_STEPS} are allowed; ` +
    'a repetition like {100} counts as often as it repeats, so limit lengths by min and max instead, and a class like ' +
    '\\p{L} counts as some 30'
  )
}
