// A tenant that asks for more than its share; prints a line once it is at it, and goes on until it is ended.
//   node bench/abuse/abuser.ts '{"abuse": …, "origin": …, "key": …, "hang": …}'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastsAsLongAsItsParent, printReady } from '../load/child.ts'
import { callerOf, keepDoing } from './caller.ts'
import { askWithoutReading, requestAbuses } from './requests.ts'
import { createQueue, tenantOf } from './tenant.ts'

interface Ask {
  abuse: string
  origin: string
  key: string
  hang: string
  /** Where the abuse is a receiver: its URL. */
  url?: string
  /** Where the abuse is to ask and not to read: how much. */
  bytes?: number
}

const LISTENERS = 10
const BURST = 200
const POST_EVERY_MS = 50

const ask = JSON.parse(process.argv[2]!) as Ask
const tenant = tenantOf(ask.origin, ask.key)
// A stranger's processor is not the server's: what is left of this machine is enough for it.
setPriority(19)
lastsAsLongAsItsParent()
if (ask.bytes !== undefined) await askWithoutReading(tenant, { bytes: ask.bytes })
else if (ask.url !== undefined) await sendTo(ask.url)
else await requestAbuses[ask.abuse]!(tenant, ask)
printReady(0)

/** Has a hostile receiver sent two thousand deliveries at once, and two hundred a second from then on. */
async function sendTo(url: string): Promise<void> {
  const { id } = await createQueue(tenant, 'hostile', {
    count: LISTENERS,
    with: (n) => ({ notify_url: url.replace('NUMBER', String(n)) }),
  })
  const caller = callerOf(tenant)
  const messages = Array.from({ length: BURST }, () => ({ data: 'x' }))
  await caller.send('POST', `/queues/${id}/messages/batch`, JSON.stringify({ messages }))
  keepDoing(1, async () => {
    await sleep(POST_EVERY_MS)
    return caller.send('POST', `/queues/${id}/messages`, '{"data":"x"}')
  })
}
