import type { Histogram } from '../../core/telemetry/histogram.ts'

type Labels = Readonly<Record<string, string>>

/** One value of a family; a family without labels has one. */
export interface Sample {
  labels?: Labels
  value: number
}

/** Everything that has one name. */
export type Family = { name: string; help: string } & (
  | { type: 'counter' | 'gauge'; samples: readonly Sample[] }
  | { type: 'histogram'; histogram: Histogram }
)

/** Of the text format, version 0.0.4, which every Prometheus reads. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Families in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function expose(families: readonly Family[]): string {
  return families.map((family) => [headOf(family), ...linesOf(family), ''].join('\n')).join('')
}

function headOf({ name, help, type }: Family): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}`
}

function linesOf(family: Family): string[] {
  if (family.type === 'histogram') return bucketsOf(family.name, family.histogram)
  return family.samples.map(({ labels, value }) => lineOf(family.name, value, labels))
}

/** Buckets hold all that is as small as their bound, so they add up. */
function bucketsOf(name: string, { bounds, counts, sum }: Histogram): string[] {
  let count = 0
  const buckets = [...counts].map((inBucket, place) => {
    count += inBucket
    return lineOf(`${name}_bucket`, count, { le: textOf(bounds[place] ?? Number.POSITIVE_INFINITY) })
  })
  return [...buckets, lineOf(`${name}_sum`, sum), lineOf(`${name}_count`, count)]
}

function lineOf(name: string, value: number, labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${textOf(value)}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function textOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
