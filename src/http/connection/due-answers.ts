import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Fifo } from '../../core/fifo.ts'

/** What came last over a connection of HTTP/1.1, and is not answered yet. */
interface Due {
  request: IncomingMessage | null
  response: ServerResponse | null
  /** The response before that. */
  before: ServerResponse | null
  /** Requests without an answer. */
  waiting: number
  /** Nothing is read from it for now. */
  isPaused: boolean
  /** Requests that have come and are not begun yet; null while there is none. */
  notBegun: Fifo<Request> | null
  /** How many are begun, and the last of them. */
  begun: number
  begunLast: IncomingMessage | null
}

type Request = [request: IncomingMessage, response: ServerResponse]

/**
 * Requests that a client may send ahead over one connection before nothing more is read from it. Each of them is in
 * memory until it is answered.
 */
const MAX_AHEAD = 16

/** Which answers a connection still has to give, so that another one is not written in front of them. */
export interface DueAnswers {
  /**
   * Follows the requests of a server, which `handle` takes. Those that a client sends ahead are begun in their order: posts of
   * a message beside each other, and any other alone, once all before it are answered and read by the client. Responses
   * of HTTP/2 have streams of their own, and are in no other's way.
   */
  watch(server: Server, handle: RequestListener): void
  /**
   * Calls back once all requests that came whole over this connection are answered, or it has ended; at once where none is
   * waiting. `isAnswering` says that the answer to a request whose body has not come whole is under way already.
   */
  afterAll(connection: Duplex, run: (isAnswering: boolean) => void): void
}

export function createDueAnswers(): DueAnswers {
  const known = new WeakMap<object, Due>()
  let handle: RequestListener

  function begin(due: Due, request: IncomingMessage, response: ServerResponse): void {
    due.begun += 1
    due.begunLast = request
    handle(request, response)
  }

  function beginMore(due: Due, socket: Socket): void {
    while (due.notBegun !== null) {
      const next = socket.destroyed ? undefined : due.notBegun.peek()
      if (next !== undefined && !mayBegin(due, next[0])) return
      if (next === undefined) due.notBegun = null
      else {
        due.notBegun.shift()
        if (due.notBegun.length === 0) due.notBegun = null
        begin(due, ...next)
      }
    }
  }

  function forget(this: ServerResponse): void {
    const { socket } = this.req
    const due = known.get(socket)!
    if (due.response === this) due.request = due.response = null
    due.waiting -= 1
    due.begun -= 1
    if (due.notBegun !== null) beginMore(due, socket)
    if (!due.isPaused || due.waiting > MAX_AHEAD / 2) return
    due.isPaused = false
    socket.resume()
  }

  /** And again once all is done that was read with the request: Node reads on wherever a body or a request ends. */
  function hold(due: Due, socket: Socket): void {
    if (due.waiting < MAX_AHEAD) return
    due.isPaused = true
    socket.pause()
  }

  function take(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor !== 1) {
      handle(request, response)
      return
    }
    const { socket } = request
    let due = known.get(socket)
    if (due === undefined) {
      due = { ...NOTHING }
      known.set(socket, due)
    }
    due.before = due.response
    due.request = request
    due.response = response
    due.waiting += 1
    response.on('close', forget)
    if (due.waiting === MAX_AHEAD) {
      hold(due, socket)
      setImmediate(hold, due, socket)
    }
    if (due.notBegun !== null) due.notBegun.push([request, response])
    else if (mayBegin(due, request)) begin(due, request, response)
    else due.notBegun = new Fifo([request, response])
  }

  return {
    watch(server, handler) {
      handle = handler
      server.on('request', take)
    },
    afterAll(connection, run) {
      const { request, response, before } = known.get(connection) ?? NOTHING
      // What comes after a whole request is a request of its own; before that it is the rest of the same one.
      const isWhole = request === null || request.complete
      const isAnswering = !isWhole && response?.headersSent === true
      const last = isWhole || isAnswering ? response : before
      const isOver = last === null || last.writableFinished || last.destroyed
      // An answer that has begun and has no end, such as a stream, would be waited for in vain.
      if (isOver || (isAnswering && !last.writableEnded)) run(isAnswering)
      else last.once('close', () => run(isAnswering))
    },
  }
}

/** What may be answered at length is held until it is read: one such answer is in memory for a connection, and no more. */
function mayBegin({ begun, begunLast }: Due, request: IncomingMessage): boolean {
  return begun === 0 || (begun < MAX_AHEAD && isAnsweredShortly(begunLast!) && isAnsweredShortly(request))
}

/** A post of a message, of which clients send many at a time; what it really is does not matter here. */
function isAnsweredShortly({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url!.endsWith('/messages')
}

const NOTHING: Due = {
  request: null,
  response: null,
  before: null,
  waiting: 0,
  isPaused: false,
  notBegun: null,
  begun: 0,
  begunLast: null,
}
