import { type DnsServer, startDnsServer } from '../../../test/support/server/dns-server.ts'
import type { Inlet } from '../../load/contender.ts'
import { type Discue, startDiscue } from '../../load/discue.ts'
import { interleave, ratioOf, type Series } from '../../measure/interleave.ts'
import { startLoad } from '../../measure/round.ts'
import type { Bench, Report, Scenario } from '../../measure/scenario.ts'
import { showNumber, showSpread } from '../../measure/spread.ts'

const SILENT = 100
/** Messages a second for each of those. */
const SILENT_RATE = 10
const HEALTHY = 20
/** For longer than any run. */
const TROUBLE = { messages: 100_000_000, rate: SILENT_RATE }

/** Whether listeners whose names no server answers for cost other listeners anything. */
export const names: Scenario = {
  name: 'names',
  about: 'the latency of healthy listeners beside 100 whose names no server answers for, against alone',

  async run(bench: Bench): Promise<Report> {
    const { rate, seconds } = bench.options
    // Healthy names are good for a second, so that they are looked up again and again while silent ones wait.
    await using dns = await startDnsServer(({ name }) =>
      name.startsWith('silent') ? 'silent' : { addresses: ['127.0.0.1'], ttl: 1 },
    )
    const env = { DISCUE_DNS_SERVERS: dns.address }
    await using quiet = await startDiscue({ env })
    await using troubled = await startDiscue({ env })
    await using hung = await startDiscue({ env })
    const inlets = [
      await openHealthy(bench, quiet, 'alone'),
      await openHealthy(bench, troubled, 'beside silent names'),
      await openHealthy(bench, hung, 'beside ones that hang'),
    ] as const
    await using silent = startLoad(await openSick(troubled, 'silent', bench.target.ok), TROUBLE)
    await using hanging = startLoad(await openSick(hung, 'hangs', bench.target.hang), TROUBLE)

    const [alone, beside, control] = await interleave(bench, [...inlets], { messages: rate * seconds, rate })
    silent.mustRun()
    hanging.mustRun()
    return report({ rate, alone, beside, control, asked: countsOf(dns) })
  },
}

async function openHealthy({ target }: Bench, discue: Discue, name: string): Promise<Inlet> {
  const queueIds: string[] = []
  for (let n = 0; n < HEALTHY; n++) {
    const queueId = await discue.createQueue(`healthy-${n}`)
    await discue.addListener(queueId, { name: 'healthy', notify_url: at(target.ok, `healthy-${n}.example`) })
    queueIds.push(queueId)
  }
  return discue.inlet(name, queueIds)
}

/** One queue, each of whose messages goes to all of them. */
async function openSick(discue: Discue, name: string, url: string): Promise<Inlet> {
  const queueId = await discue.createQueue(name)
  for (let n = 0; n < SILENT; n++) {
    await discue.addListener(queueId, { name: `${name}-${n}`, notify_url: at(url, `${name}-${n}.example`) })
  }
  return discue.inlet(name, queueId, { drains: false })
}

function at(url: string, hostname: string): string {
  return url.replace('127.0.0.1', hostname)
}

/** Questions that the name server was asked, of each kind of name. */
function countsOf({ asked }: DnsServer): { silent: number; healthy: number } {
  const silent = asked.filter(({ name }) => name.startsWith('silent')).length
  return { silent, healthy: asked.length - silent }
}

function report(found: {
  rate: number
  alone: Series
  beside: Series
  /**
   * A control: the messages for listeners with known names that never answer, which tells what those cost without any
   * silent name.
   */
  control: Series
  asked: { silent: number; healthy: number }
}): Report {
  const { rate, alone, beside, control, asked } = found
  const p99 = ratioOf(beside, alone, (round) => round.endToEnd.p99)
  const toControl = ratioOf(beside, control, (round) => round.endToEnd.p99)
  return {
    table: [['', 'p50 ms', 'p99 ms', 'generator late p99 ms'], ...[alone, beside, control].map(row)],
    conclusions: [
      `p99 beside silent names / alone: ${showSpread(p99, 2)}; to beside ones that hang: ${showSpread(toControl, 2)}`,
      `at ${showNumber(rate)} messages/s for ${HEALTHY} listeners, and ${SILENT_RATE} for each of ${SILENT} whose names are silent`,
      `the name server was asked ${showNumber(asked.silent)} times for those, and ${showNumber(asked.healthy)} times for the others`,
    ],
    figures: { ...found, p99, toControl },
  }
}

function row({ name, endToEnd, lag }: Series): string[] {
  return [name, ...[endToEnd.p50, endToEnd.p99, lag.p99].map((figure) => showSpread(figure, 2))]
}
