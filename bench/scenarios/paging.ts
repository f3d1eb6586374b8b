import { startDiscue } from '../load/discue.ts'
import { fillStore } from '../load/filled-store.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { type Spread, showNumber, showSpread, spreadOf } from '../measure/spread.ts'

const MESSAGES = 1_000_000
const FEW = 100
const PAGE_SIZE = 100
const REQUESTS = 100
const WARM_UP = 10

interface Page {
  name: string
  few: string
  many: string
}

/** Whether the length of a queue is felt where its messages are listed. */
export const paging: Scenario = {
  name: 'paging',
  about: 'milliseconds for a page of the messages of a queue with a hundred, and of one with a million',

  async run(bench: Bench): Promise<Report> {
    const messages = bench.options.backlog ?? MESSAGES
    const queues: string[] = []
    await using discue = await startDiscue({
      fill: async (path, key) => {
        bench.note(`filling a queue with ${showNumber(messages)} messages`)
        const fillings = [
          { name: 'few', messages: FEW },
          { name: 'many', messages },
        ]
        queues.push(...(await fillStore(path, key, fillings)))
      },
    })
    const listing = (queue: string) => async (query: string) =>
      (await discue.get(`/queues/${queue}/messages?${query}`)) as Listing
    const [few, many] = [listing(queues[0]!), listing(queues[1]!)]
    const rows: { page: string; few: Spread; many: Spread }[] = []
    for (const page of await pagesOf(many, messages)) {
      const times = { few: [] as number[], many: [] as number[] }
      for (let turn = 0; turn < REQUESTS + WARM_UP; turn++) {
        const [one, other] = [await timed(() => few(page.few)), await timed(() => many(page.many))]
        if (turn < WARM_UP) continue
        times.few.push(one)
        times.many.push(other)
      }
      rows.push({ page: page.name, few: spreadOf(times.few), many: spreadOf(times.many) })
    }
    const worst = Math.max(...rows.map((row) => row.many.median - row.few.median))
    return {
      table: [
        ['', `${FEW} messages, ms`, `${showNumber(messages)} messages, ms`],
        ...rows.map(({ page, few, many }) => [page, showSpread(few, 2), showSpread(many, 2)]),
      ],
      conclusions: [`a page of the long queue takes at most ${showNumber(worst, 2)} ms more`],
      figures: { messages, rows },
    }
  },
}

interface Listing {
  messages: { id: string }[]
}

/** Pages at the beginning, in the middle and at the end of the long queue, beside what the short one has to offer. */
async function pagesOf(many: (query: string) => Promise<Listing>, messages: number): Promise<Page[]> {
  const size = `per_page=${PAGE_SIZE}`
  const last = Math.ceil(messages / PAGE_SIZE)
  const middle = Math.ceil(last / 2)
  const above = (await many(`page=${middle}&${size}`)).messages.at(-1)
  if (above === undefined) throw new Error('the page in the middle is empty')
  const cursor = Buffer.from(above.id).toString('base64url')
  const first = `page=1&${size}`
  return [
    { name: 'the first', few: size, many: size },
    { name: 'the first, in full', few: `${size}&_embed`, many: `${size}&_embed` },
    { name: 'the middle, by cursor', few: size, many: `${size}&cursor=${cursor}` },
    { name: `page ${showNumber(middle)}`, few: first, many: `page=${middle}&${size}` },
    { name: `page ${showNumber(last)}`, few: first, many: `page=${last}&${size}` },
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - before) / 1e6
}
