// The schemas that every contender but discue checks and answers with, so that none has less to do than another.
const queueParams = { type: 'object', properties: { queueId: { type: 'string' } }, required: ['queueId'] }
const message = {
  type: 'object',
  properties: { data: { type: 'string' }, name: { type: 'string' } },
  required: ['data'],
}
const id = { type: 'object', properties: { id: { type: 'string' } } }
const href = { type: 'object', properties: { href: { type: 'string' } } }

/** `POST …/messages`. */
export const messageRoute = {
  params: queueParams,
  body: message,
  response: {
    200: {
      type: 'object',
      properties: { message: id, _links: { type: 'object', properties: { self: href } } },
    },
  },
}

/** `POST …/messages/batch`. */
export const batchRoute = {
  params: queueParams,
  body: { type: 'object', properties: { messages: { type: 'array', items: message } }, required: ['messages'] },
  response: { 200: { type: 'object', properties: { messages: { type: 'array', items: id } } } },
}
