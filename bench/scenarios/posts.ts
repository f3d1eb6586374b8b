import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type Inlet, Missing } from '../load/contender.ts'
import { type Discue, startDiscue } from '../load/discue.ts'
import { createFolder } from '../load/place.ts'
import { SHAPES, type Shape } from '../load/poster.ts'
import { interleave, ratioOf, type Series } from '../measure/interleave.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showSpread } from '../measure/spread.ts'

/** What the same post costs, however it comes, and (`--before`) what it cost in another version. */
export const posts: Scenario = {
  name: 'posts',
  about: 'end-to-end of the same posts: plain, as a proxy sends them, after another request, and over TLS',

  async run(bench: Bench): Promise<Report> {
    await using stack = new AsyncDisposableStack()
    const start = async (how: Parameters<typeof startDiscue>[0]) => stack.use(await startDiscue(how))
    const { before, contenders } = bench.options
    const plain = await start({})
    const inlets: [Inlet, Shape][] = []
    const add = async (name: string, shape: Shape, discue: Discue) =>
      void inlets.push([await carrying(bench, discue, name), shape])
    if (before !== null) await add('before', 'plain', await start({ version: before }))
    for (const shape of SHAPES) if (contenders.test(shape)) await add(shape, shape, plain)
    if (contenders.test('TLS')) await add('TLS', 'plain', await start({ tls: trustedCertificate() }))
    const load = { messages: bench.options.messages, rate: 0 }
    const shapeOf = new Map(inlets)
    const series = await interleave(
      bench,
      inlets.map(([inlet]) => inlet),
      (inlet) => ({ ...load, shape: shapeOf.get(inlet)! }),
    )
    return { ...compared(series), figures: { series } }
  },
}

async function carrying(bench: Bench, discue: Discue, name: string): Promise<Inlet> {
  const queueId = await discue.createQueue(name)
  await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })
  return discue.inlet(name, queueId)
}

/** A certificate for 127.0.0.1 that this process trusts from now on. Throws `Missing` without openssl. */
function trustedCertificate(): { certPath: string; keyPath: string } {
  const folder = createFolder()
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=discue bench', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', [...kind, ...names, '-keyout', keyPath, '-out', certPath])
  if (made.status !== 0) throw new Missing('there is no openssl to make a certificate with')
  setDefaultCACertificates([...getCACertificates(), readFileSync(certPath, 'utf8')])
  return { certPath, keyPath }
}

/** Each series' figures, and how they compare with those of the first. */
function compared(series: Series[]): Pick<Report, 'table' | 'conclusions'> {
  const [first, ...others] = series as [Series, ...Series[]]
  return {
    table: [['', 'messages/s', 'CPU s per 10,000', 'POST p99 ms'], ...series.map(row)],
    conclusions: others.map((one) => {
      const cpu = ratioOf(one, first, (round) => round.cpuSecondsPer10k)
      const rate = ratioOf(one, first, (round) => round.messagesPerSecond)
      return `${one.name} / ${first.name}, round by round: CPU ${showSpread(cpu, 3)}, messages/s ${showSpread(rate, 3)}`
    }),
  }
}

function row({ name, messagesPerSecond, cpuSecondsPer10k, post }: Series): string[] {
  return [name, showSpread(messagesPerSecond), showSpread(cpuSecondsPer10k, 2), showSpread(post.p99, 1)]
}
