import { EXAMPLE_ID } from './examples.ts'
import type { Node } from './node.ts'

const MESSAGE = `A \`POST\` to the \`notify_url\` of a listener, with the \`data\` of a message as its body and the listener's own fixed
headers. Any answer of 2xx within the listener's \`timeout\` acknowledges the delivery; after any other, and after none, it
comes again by the listener's retry policy. The signature follows Standard Webhooks, whose libraries verify it.`

const LIVENESS = `A \`GET\` to the \`liveness_url\` of a listener, about every 30 s. While it is not answered with 2xx within 5 s, the
listener's deliveries wait.`

const text = { type: 'string' }
const integer = { type: 'integer' }

const HEADERS = [
  header('webhook-id', 'id of the message, the same on every attempt', { ...text, examples: [EXAMPLE_ID] }),
  header('webhook-timestamp', 'when this attempt was signed, in seconds since the Unix epoch', integer),
  header('webhook-signature', '`v1,` and a base64 text; several, with spaces between them, after a rotation', text),
  header('discue-queue', 'id of the queue', text),
  header('discue-listener', 'id of the listener', text),
  header('discue-attempt', 'which attempt this is, from 1', { ...integer, minimum: 1 }),
  header('discue-first-sent-at', 'when the first one was, in milliseconds since the Unix epoch', integer),
  optional('discue-sequence', 'of a listener that has an order: counts up by one per message', integer),
  optional('discue-test', '`true` on the test message of a check, which is no message', text),
  optional('traceparent', 'where traces are on: the attempt, by the Trace Context of the W3C', text),
]

/** What a listener may say with a failure. */
const SENT_BACK = {
  'Retry-After': { description: 'seconds, or a date: not before that, up to an hour', schema: text },
  'discue-retry': { description: '`no`: not again; the delivery is missed at once', schema: text },
}

/** What listeners receive. Their addresses are their own, so no server of the description has these paths. */
export const webhooks: Node = {
  message: {
    post: {
      operationId: 'receiveMessage',
      summary: 'Receive a message',
      description: MESSAGE,
      tags: ['webhooks'],
      security: [],
      parameters: HEADERS,
      requestBody: {
        description: 'exactly the data of the message: JSON where it parses as JSON, else text, which may be empty',
        required: false,
        content: {
          'application/json': { schema: { description: 'any JSON' }, example: { order: 1 } },
          'text/plain': { schema: text, example: 'order 1' },
        },
      },
      responses: {
        '2XX': { description: 'the delivery is acknowledged, and never comes again by itself' },
        410: { description: 'the listener is disabled; its messages wait until it is enabled again' },
        default: { description: 'the attempt failed', headers: SENT_BACK },
      },
    },
  },
  liveness: {
    get: {
      operationId: 'receiveLivenessCheck',
      summary: 'Say that a listener is there',
      description: LIVENESS,
      tags: ['webhooks'],
      security: [],
      responses: { '2XX': { description: 'it is there' }, default: { description: 'it is not' } },
    },
  },
}

function header(name: string, description: string, schema: Node): Node {
  return { name, in: 'header', description, required: true, schema }
}

function optional(name: string, description: string, schema: Node): Node {
  return { ...header(name, description, schema), required: false }
}
