// What `npm test` prints: every failure as it comes, then the slowest files, Node's own counts, and the failures in full. A
// line for each test that passes would be three thousand, among which the one that failed is not seen.
import { relative } from 'node:path'
import { Readable } from 'node:stream'
import { spec, type TestEvent } from 'node:test/reporters'

const SLOWEST = 5

/** Node's `spec` reporter, of which the tests that passed are left out. */
export default async function* failures(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(worthTelling(source)).compose(new spec())
}

async function* worthTelling(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const files: FileTime[] = []
  let isCounting = false
  for await (const event of source) {
    if (event.type === 'test:summary' && event.data.file !== undefined) {
      files.push({ file: event.data.file, ms: event.data.duration_ms })
    }
    if (isCount(event) && !isCounting) {
      isCounting = true
      yield* slowest(files)
    }
    if (isWorthTelling(event)) yield event
  }
}

interface FileTime {
  file: string
  ms: number
}

function isWorthTelling(event: TestEvent): boolean {
  switch (event.type) {
    case 'test:pass':
      return event.data.skip !== undefined || event.data.todo !== undefined
    case 'test:diagnostic':
      return isCount(event)
    case 'test:fail':
    case 'test:stdout':
    case 'test:stderr':
    case 'test:interrupted':
    case 'test:summary':
      return true
    default:
      return false
  }
}

/** The diagnostics of the whole run, which belong to no file: `tests 3045` and the like. */
function isCount(event: TestEvent): boolean {
  return event.type === 'test:diagnostic' && event.data.file === undefined
}

function slowest(files: FileTime[]): TestEvent[] {
  return files
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST)
    .map(({ file, ms }) => {
      const message = `slowest: ${(ms / 1_000).toFixed(1)} s ${relative(process.cwd(), file)}`
      return { type: 'test:diagnostic', data: { message, nesting: 0, level: 'info' } }
    })
}
