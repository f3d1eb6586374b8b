import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Admission } from '../admission.ts'
import type { ApiDeps } from '../api.ts'
import { createAnswerText } from './answer.ts'
import { FastConnection } from './connection.ts'
import { ClientReading } from './reading.ts'
import { createServe } from './serve.ts'

/** The connections of a server: all begin here, and those that send nothing but plain posts stay. */
export interface FastPosts {
  /** Ends those that stay, where one is being answered with its answer. */
  close(): void
  /** Ends all, whoever has them by now. */
  destroyAll(): void
}

type OnConnection = (this: Server, socket: Socket) => void

/**
 * Lets connections of an HTTP server begin on a short way, which knows one request only: a post of one message, written
 * as clients write it. Posting is most of what a busy server does, and the general way costs it three times as much.
 * Whatever is not such a post goes the general way, with its connection.
 *
 * To be called before others listen for connections: those would hear of sockets that have been moved.
 */
export function installFastPosts(server: Server, deps: ApiDeps, admission: Admission): FastPosts {
  const generalWay = server.listeners('connection') as OnConnection[]
  const connections = new Set<FastConnection>()
  const sockets = new Set<Socket>()
  const keepAliveMs = server.keepAliveTimeout
  const connectionDeps = {
    serve: createServe(deps, admission),
    text: createAnswerText({ now: deps.runtime.now, keepAliveMs }),
    keepAliveMs,
    reading: new ClientReading(),
    handOver(socket: Socket, bytes: Buffer) {
      // As Node's documentation of the event has it: the server reads what is put back, then the rest.
      socket.pause()
      socket.unshift(bytes)
      for (const take of generalWay) take.call(server, socket)
      process.nextTick(() => socket.resume())
    },
    left: (connection: FastConnection) => connections.delete(connection),
  }

  function begin(accepted: Socket): void {
    const connection = new FastConnection(accepted, connectionDeps)
    const { socket } = connection
    connections.add(connection)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  server.removeAllListeners('connection')
  server.on('connection', begin)
  return {
    close() {
      for (const connection of connections) connection.close()
    },
    destroyAll() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
