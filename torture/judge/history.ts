import type { CampaignRecord } from '../record/record.ts'
import type { Violation } from './evidence.ts'

interface Moment {
  at: number
  text: string
}

const ms = (at: number) => (Number.isFinite(at) ? `${Math.round(at)} ms` : 'never')

/** Everything that the record knows of the message of a violation, and the faults meanwhile, in time. */
export function historyOf(record: CampaignRecord, { messageId, token, listenerId }: Violation): string[] {
  if (messageId === undefined && token === undefined) return []
  const own = [
    ...posted(record, token),
    ...asked(record, messageId),
    ...arrived(record, { messageId, token, listenerId }),
  ]
  if (own.length === 0) return []
  const [from, until] = [Math.min(...own.map(({ at }) => at)), Math.max(...own.map(({ at }) => at))]
  const faults = record.faults
    .filter((fault) => fault.until >= from - 2_000 && fault.from <= until + 2_000)
    .map(({ kind, node, from: at, until: end }) => ({ at, text: `${kind} of node ${node}, until ${ms(end)}` }))
  return [...own, ...faults].sort((one, other) => one.at - other.at).map(({ at, text }) => `${ms(at)}: ${text}`)
}

function posted({ posts }: CampaignRecord, token: string | undefined): Moment[] {
  const own = posts.filter(({ tokens }) => token !== undefined && tokens.includes(token))
  return own.flatMap(({ tries, queue, tokens }) =>
    tries.map(({ askedAt, answeredAt, verdict }) => {
      const what = tokens.length === 1 ? 'posted' : `posted as one of ${tokens.length}`
      return { at: askedAt, text: `${what} to ${queue}: ${verdict} at ${ms(answeredAt)}` }
    }),
  )
}

function asked({ deletions, redeliveries }: CampaignRecord, messageId: string | undefined): Moment[] {
  const of = (what: string, calls: CampaignRecord['deletions']) =>
    calls
      .filter((call) => call.messageId === messageId)
      .map(({ askedAt, answeredAt, verdict }) => ({
        at: askedAt,
        text: `${what} asked for: ${verdict} at ${ms(answeredAt)}`,
      }))
  return [...of('its deletion was', deletions), ...of('its redelivery was', redeliveries)]
}

function arrived(record: CampaignRecord, about: Pick<Violation, 'messageId' | 'token' | 'listenerId'>): Moment[] {
  const names = new Map(record.listeners.map(({ id, name }) => [id, name]))
  return record.arrivals
    .filter(({ messageId, token }) => messageId === about.messageId || token === about.token)
    .filter(({ listenerId }) => about.listenerId === undefined || listenerId === about.listenerId)
    .map(({ at, listenerId, endedAt, outcome, sequence, attempt }) => {
      const number = sequence === null ? '' : ` as number ${sequence}`
      return {
        at,
        text: `came to ${names.get(listenerId) ?? listenerId}${number}, attempt ${attempt}: ${outcome} at ${ms(endedAt)}`,
      }
    })
}
