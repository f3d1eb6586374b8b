interface AnyRule {
  type?: string
  required?: boolean
  props?: Record<string, AnyRule>
  items?: AnyRule
  enum?: string[]
  min?: number
}

/** A beginning to write a message of the schema from: each required property with a value of its type. */
export function sampleFor(rules: Record<string, unknown>): string {
  return JSON.stringify(sampleOfProps(rules), null, 2)
}

function sampleOfProps(props: Record<string, unknown>): Record<string, unknown> {
  const rules = Object.entries(props) as [string, AnyRule][]
  return Object.fromEntries(
    rules.filter(([, rule]) => rule.required !== false).map(([key, rule]) => [key, sampleOf(rule)]),
  )
}

function sampleOf(rule: AnyRule): unknown {
  if (rule.type === 'object') return sampleOfProps(rule.props ?? {})
  if (rule.type === 'array') return rule.items ? [sampleOf(rule.items)] : []
  if (rule.type === 'number') return rule.min ?? 0
  return rule.enum?.[0] ?? ''
}
