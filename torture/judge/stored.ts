import { type Asked, type Evidence, type Violation, wasDeleted } from './evidence.ts'

/** What was answered with 200 is there, what was refused is nowhere, and nothing is there twice or by half. */
export function judgeStored(evidence: Evidence): Violation[] {
  const asked = [...evidence.asked.values()]
  return [
    ...asked.flatMap((one) => judgeOne(evidence, one)),
    ...evidence.record.posts.flatMap((post) => judgeBatch(evidence, post.tokens)),
    ...judgeDeleted(evidence),
    ...judgeStrangers(evidence),
  ]
}

function judgeOne(evidence: Evidence, { token, verdict, id }: Asked): Violation[] {
  const ids = evidence.idsOf.get(token) ?? new Set()
  const about = { token, messageId: id ?? [...ids][0] }
  if (verdict === 'refused' && ids.size > 0) {
    return [{ kind: 'refused, but there', text: `${token} was refused, and is ${[...ids].join(', ')}`, ...about }]
  }
  if (ids.size > 1) {
    return [{ kind: 'stored twice', text: `${token} was asked for once, and is ${[...ids].join(', ')}`, ...about }]
  }
  if (verdict !== 'accepted' || id === null || evidence.stored.has(id) || wasDeleted(evidence, id)) return []
  return [{ kind: 'lost', text: `${token} was answered with 200 and the id ${id}, which is not there`, ...about }]
}

/** Of those that are stored in part, each message that is missing may have been deleted, where its id was known. */
function judgeBatch(evidence: Evidence, tokens: readonly string[]): Violation[] {
  const isThere = (token: string) => {
    const id = evidence.asked.get(token)?.id
    return evidence.idsOf.has(token) || (typeof id === 'string' && wasDeleted(evidence, id))
  }
  const there = tokens.filter(isThere)
  if (there.length === 0 || there.length === tokens.length) return []
  const missing = tokens.filter((token) => !isThere(token))
  const text = `${there.length} of ${tokens.length} messages of a batch are there; missing: ${missing.join(', ')}`
  return [{ kind: 'half a batch', text, token: missing[0] }]
}

function judgeDeleted({ record, stored }: Evidence): Violation[] {
  return record.deletions
    .filter(({ messageId, verdict }) => verdict === 'accepted' && stored.has(messageId))
    .map(({ messageId }) => ({
      kind: 'deleted, but there',
      text: `the deletion of ${messageId} was answered with 200, and it is there`,
      messageId,
    }))
}

function judgeStrangers({ asked, idsOf, scheduled }: Evidence): Violation[] {
  return [...idsOf]
    .filter(([token]) => !asked.has(token) && !scheduled.has(token))
    .map(([token, ids]) => ({
      kind: 'came from nowhere',
      text: `no client ever sent ${token}, which is ${[...ids].join(', ')}`,
      token,
      messageId: [...ids][0],
    }))
}
