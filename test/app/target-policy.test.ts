import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyLine, tellTargetPolicy } from '../../src/app/limits/target-policy.ts'
import { ANY_TARGET, PUBLIC_TARGETS, parseTargets } from '../../src/core/network/target.ts'

const none = { count: 0, ids: [], complete: true }

test('the line tells where deliveries may go, which setting says so, and how many listeners it forbids', () => {
  const lines = [
    policyLine({ targets: ANY_TARGET, targetsGiven: false, exposedBy: null }, none),
    policyLine({ targets: PUBLIC_TARGETS, targetsGiven: false, exposedBy: 'DISCUE_PUBLIC_URL' }, { ...none, count: 1 }),
    policyLine(
      {
        targets: parseTargets('public,10.0.0.0/8,a.internal,b.internal')!,
        targetsGiven: true,
        exposedBy: 'DISCUE_HOST',
      },
      { ...none, count: 7, complete: false },
    ),
  ]
  assert.deepEqual(lines, [
    'deliveries go to any address, because the server is reached on loopback alone, and DISCUE_TARGETS is not set; 0 listeners have addresses that this forbids',
    'deliveries go to public addresses only, because DISCUE_PUBLIC_URL lets others than this machine reach the server, and DISCUE_TARGETS is not set; 1 listener has an address that this forbids',
    'deliveries go to public addresses, 1 listed network and 2 listed hosts only, because DISCUE_TARGETS says so; at least 7 listeners have addresses that this forbids',
  ])
})

/** So many listeners, one in ten at a private address; their store notes how much it was asked for. */
function givenListeners(total: number) {
  const limits: number[] = []
  const logged: { level: string; fields: object; message: string }[] = []
  const line = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const urls = async ({ after, limit }: { after: string | null; limit: number }) => {
    limits.push(limit)
    const first = after === null ? 0 : Number(after) + 1
    return Array.from({ length: Math.max(0, Math.min(limit, total - first)) }, (_, index) => {
      const id = String(first + index).padStart(9, '0')
      const host = (first + index) % 10 === 0 ? '10.0.0.1' : 'hook.example.com'
      return { id, notifyUrl: index % 2 ? null : `http://${host}/`, livenessUrl: index % 2 ? `http://${host}/` : null }
    })
  }
  return { deps: { store: { listeners: { urls } }, log: { info: line('info'), warn: line('warn') } }, limits, logged }
}
const policy = { targets: PUBLIC_TARGETS, targetsGiven: false, exposedBy: 'DISCUE_HOST' } as const

test('listeners are counted a page at a time, the first of them named, and no more than a bound are looked at', async () => {
  const few = givenListeners(1_234)
  await tellTargetPolicy(few.deps, policy, new AbortController().signal)
  assert.match(few.logged[0]!.message, /; 124 listeners have addresses that this forbids$/)
  assert.deepEqual([few.logged.length, few.logged[0]!.level, few.limits], [1, 'warn', [500, 500, 500]])
  assert.equal((few.logged[0]!.fields as { listeners: string[] }).listeners.length, 10)
  const many = givenListeners(1_000_000)
  await tellTargetPolicy(many.deps, policy, new AbortController().signal)
  assert.match(many.logged[0]!.message, /; at least 10000 listeners/)
  assert.equal(many.limits.length, 200)
})

test('nothing is read where everything is allowed, and nothing is said by a server that stops meanwhile', async () => {
  const any = givenListeners(10)
  await tellTargetPolicy(any.deps, { ...policy, targets: ANY_TARGET }, new AbortController().signal)
  assert.deepEqual([any.limits, any.logged[0]!.level], [[], 'info'])
  const stopped = givenListeners(10)
  await tellTargetPolicy(stopped.deps, policy, AbortSignal.abort())
  assert.deepEqual([stopped.limits, stopped.logged], [[], []])
})
