import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

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
}

/**
 * Requests that a client may send ahead over one connection before nothing more is read from it. Each of them is in
 * memory until it is answered.
 */
const MAX_AHEAD = 16

/** Which answers a connection still has to give, so that another one is not written in front of them. */
export interface DueAnswers {
  /** Follows the requests of a server. Responses of HTTP/2 have streams of their own, and are in no other's way. */
  watch(server: Server): void
  /**
   * Calls back once all requests that came whole over this connection are answered, or it has ended; at once where none is
   * waiting. `isAnswering` says that the answer to a request whose body has not come whole is under way already.
   */
  afterAll(connection: Duplex, run: (isAnswering: boolean) => void): void
}

export function createDueAnswers(): DueAnswers {
  const known = new WeakMap<object, Due>()

  function forget(this: ServerResponse): void {
    const { socket } = this.req
    const due = known.get(socket)!
    if (due.response === this) due.request = due.response = null
    due.waiting -= 1
    if (!due.isPaused || due.waiting > MAX_AHEAD / 2) return
    due.isPaused = false
    socket.resume()
  }

  /** Once all is done that was read with the request: Node reads on wherever a body or a request ends. */
  function hold(due: Due, socket: Socket): void {
    if (due.waiting < MAX_AHEAD) return
    due.isPaused = true
    socket.pause()
  }

  function note(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor !== 1) return
    const { socket } = request
    let due = known.get(socket)
    if (due === undefined) {
      due = { request: null, response: null, before: null, waiting: 0, isPaused: false }
      known.set(socket, due)
    }
    due.before = due.response
    due.request = request
    due.response = response
    due.waiting += 1
    if (due.waiting === MAX_AHEAD) setImmediate(hold, due, socket)
    response.on('close', forget)
  }

  return {
    watch(server) {
      server.on('request', note)
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

const NOTHING: Due = { request: null, response: null, before: null, waiting: 0, isPaused: false }
