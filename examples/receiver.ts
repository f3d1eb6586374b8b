// A receiver to try discue with: prints each message and acknowledges it.
//   npm run receiver -- [--port 4000] [--secret whsec_…] [--fail 0.5]
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'

const { port, secret, fail } = readArguments()

const server = createServer(async (request, response) => {
  const chunks = await request.toArray().catch(() => null)
  if (chunks === null) return // the sender hung up
  const body = Buffer.concat(chunks)
  const status = answerTo(request.headers, body)
  print(request.headers, body, status)
  response.writeHead(status).end()
})
server.on('error', (error: NodeJS.ErrnoException) => {
  stop(error.code === 'EADDRINUSE' ? `port ${port} is in use; choose another with --port` : error.message)
})
server.listen(port, '127.0.0.1', () => {
  // With 0 the system chooses one.
  console.log(`waiting for messages on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

function answerTo(headers: IncomingHttpHeaders, body: Buffer): number {
  if (secret !== undefined && !isSigned(headers, body, secret)) return 400
  return Math.random() < fail ? 500 : 200
}

// Standard Webhooks. A receiver that acts on messages also refuses a webhook-timestamp some minutes from its own time.
function isSigned(headers: IncomingHttpHeaders, body: Buffer, key: string): boolean {
  const hmac = createHmac('sha256', Buffer.from(key.replace(/^whsec_/, ''), 'base64'))
  hmac.update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`).update(body)
  const expected = Buffer.from(`v1,${hmac.digest('base64')}`)
  const given = `${headers['webhook-signature']}`.split(' ').map((text) => Buffer.from(text))
  return given.some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected))
}

function print(headers: IncomingHttpHeaders, body: Buffer, status: number) {
  const text = body.toString().replace(/\p{Cc}+/gu, ' ')
  const origin = `queue ${headers['discue-queue']}, attempt ${headers['discue-attempt']}`
  console.log(`${new Date().toISOString()} ${headers['webhook-id']} (${origin}) → ${status}: ${text.slice(0, 200)}`)
}

function readArguments() {
  const options = { port: { type: 'string' }, secret: { type: 'string' }, fail: { type: 'string' } } as const
  try {
    const { port = '4000', secret, fail = '0' } = parseArgs({ options }).values
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) throw new Error('--port must be a number from 0 to 65535')
    if (!(Number(fail) >= 0 && Number(fail) <= 1)) throw new Error('--fail is a share of the messages, from 0 to 1')
    return { port: Number(port), secret, fail: Number(fail) }
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

function stop(reason: string): never {
  console.error(`receiver: ${reason}`)
  process.exit(1)
}
