import assert from 'node:assert/strict'

/** One line of figures. */
export interface PrometheusSample {
  name: string
  labels: Record<string, string>
  value: number
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/**
 * Reads the text format of Prometheus as strictly as it does: every family has its help and type before its samples,
 * comes once, and no sample is there twice; histograms add up.
 */
export function readExposition(text: string): PrometheusSample[] {
  assert.ok(text.endsWith('\n'), 'the last line has no end')
  const types = new Map<string, string>()
  const seen = new Set<string>()
  const samples: PrometheusSample[] = []
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, family, rest] = HEAD.exec(line) ?? []
    if (kind === 'HELP') {
      assert.ok(!types.has(family!), `${family} comes twice`)
      current = family!
      types.set(current, '')
    } else if (kind === 'TYPE') {
      assert.equal(family, current)
      assert.match(rest!, /^(counter|gauge|histogram)$/)
      types.set(current, rest!)
    } else {
      const sample = readSample(line)
      const suffix = types.get(current) === 'histogram' ? /_(bucket|sum|count)$/ : /(?!)/
      assert.equal(sample.name.replace(suffix, ''), current, line)
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      assert.ok(!seen.has(identity), `${line} is there twice`)
      seen.add(identity)
      samples.push(sample)
    }
  }
  for (const [family, type] of types) checkFamily(family, type, samples)
  return samples
}

function readSample(line: string): PrometheusSample {
  const [, name, pairs = '', value] = SAMPLE.exec(line) ?? []
  assert.ok(name !== undefined, `no sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < pairs.length) {
    const [, label, text] = LABEL.exec(pairs) ?? []
    assert.ok(label !== undefined, `no labels: ${line}`)
    labels[label] = text!.replace(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign))
  }
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
  assert.ok(!Number.isNaN(number), `no number: ${line}`)
  return { name, labels, value: number }
}

function checkFamily(family: string, type: string, samples: readonly PrometheusSample[]): void {
  if (type === 'counter') assert.match(family, /_total$/)
  if (type !== 'histogram') return
  const buckets = samples.filter(({ name }) => name === `${family}_bucket`)
  const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)))
  assert.deepEqual(
    bounds,
    [...new Set(bounds)].sort((a, b) => a - b),
  )
  assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY)
  for (const [place, { value }] of buckets.entries()) assert.ok(value >= (buckets[place - 1]?.value ?? 0))
  assert.equal(samples.find(({ name }) => name === `${family}_count`)?.value, buckets.at(-1)!.value)
}
