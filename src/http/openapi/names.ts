import type { Node } from './node.ts'

/** Whether a schema is an object whose properties are known, which is what generators make a type of. */
export function isRecord({ type, properties }: Node): boolean {
  return [type].flat().includes('object') && Object.keys((properties ?? {}) as Node).length > 0
}

/** `createQueue` and `Request` make `CreateQueueRequest`; undefined where the operation has no id. */
export function operationName(operationId: string | undefined, what: 'Request' | 'Result'): string | undefined {
  return operationId && pascal(operationId) + what
}

/** What a property holds: `liveness` of `Listener` is a `ListenerLiveness`. Undefined where the whole has no name. */
export function partName(whole: string | undefined, property: string): string | undefined {
  return whole && whole + pascal(property)
}

/** What a list holds: an entry of `MessageDeliveries` is a `MessageDelivery`. */
export function entryName(list: string | undefined): string | undefined {
  return list?.replace(/ies$/, 'y').replace(/(?<!s)s$/, '')
}

/** `Too Many Requests` and `too_many_requests` as types are named: `TooManyRequests`. */
export function pascal(text: string): string {
  return text.replace(/(?:[^A-Za-z0-9]+|^)([A-Za-z0-9]?)/g, (_, letter: string) => letter.toUpperCase())
}
