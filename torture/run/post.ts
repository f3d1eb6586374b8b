import type { CampaignRecord, PostRecord, Verdict } from '../record/record.ts'
import { type Clock, sleep } from './clock.ts'
import type { ApiAnswer, ApiRequest, Transport } from './transport.ts'

/** How often a request with an `Idempotency-Key` is sent at most, and the pause between. */
const MAX_TRIES = 8
const PAUSE_MS = 150

/** Sends what stores messages, and records each time that it was sent. With an `Idempotency-Key` it is sent until accepted. */
export async function post(
  { transport, record, clock, pickNode }: Deps,
  entry: Omit<PostRecord, 'tries' | 'ids'>,
  request: ApiRequest,
): Promise<PostRecord> {
  const kept: PostRecord = { ...entry, ids: null, tries: [] }
  record.posts.push(kept)
  const most = request.idempotencyKey === undefined ? 1 : MAX_TRIES
  for (let count = 0; count < most; count++) {
    if (count > 0) await sleep(PAUSE_MS)
    // Noted before it is sent: whatever comes of it, it was asked for by then.
    const attempt = { askedAt: clock(), answeredAt: Number.POSITIVE_INFINITY, verdict: 'unknown' as Verdict }
    kept.tries.push(attempt)
    const answer = await transport(pickNode(), request)
    attempt.answeredAt = clock()
    attempt.verdict = answer.verdict
    if (answer.verdict !== 'accepted') continue
    kept.ids = idsIn(answer)
    break
  }
  return kept
}

export type Deps = { transport: Transport; record: CampaignRecord; clock: Clock; pickNode: () => number }

function idsIn({ body }: ApiAnswer): string[] {
  const messages: { id: string }[] = body.messages ?? [body.message]
  return messages.map(({ id }) => id)
}
