import { isIP, connect as openSocket, type Socket } from 'node:net'
import { connect as startTls } from 'node:tls'
import type { EgressProxy } from '../../../core/network/egress.ts'
import type { Runtime } from '../../../runtime.ts'
import { type Connected, type Pending, raceConnections } from '../connection-race.ts'
import type { Names } from '../names/names.ts'
import { askWhetherItLives, shakeHands, type TunnelEnd } from './handshakes.ts'
import { ProxyFault, TargetFault } from './proxy-fault.ts'

/** From the look-up of the proxy's name to its word that it has connected. */
const TUNNEL_MS = 10_000
/** For a proxy that has not said so, to answer anything at all. */
const LIVES_MS = 3_000
/** A proxy that fails is told to the operator once in so long. */
const TELL_EVERY_MS = 60_000
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true }

export interface TunnelDeps {
  proxy: EgressProxy
  names: Names
  runtime: Pick<Runtime, 'elapsedMs' | 'upkeep' | 'log'>
}

/** Opens a way to an end through the proxy. Calls back later, once, unless it is destroyed before. */
export type OpenTunnel = (end: TunnelEnd, done: Connected) => Pending

/** Tunnels through one proxy, which is the operator's choice: its own address is not judged. */
export function createTunnels(deps: TunnelDeps): OpenTunnel {
  let toldAt = Number.NEGATIVE_INFINITY
  const tell = (error: ProxyFault) => {
    const { elapsedMs, log } = deps.runtime
    if (elapsedMs() < toldAt + TELL_EVERY_MS) return
    toldAt = elapsedMs()
    log.warn({ reason: error.message }, 'the proxy of DISCUE_EGRESS_PROXY cannot be used: deliveries wait')
  }
  return (end, done) => {
    const tunnel = new Tunnel(deps, end, (error, socket) => {
      if (error instanceof ProxyFault) tell(error)
      if (error === null) done(null, socket)
      else done(error, null)
    })
    tunnel.begin()
    return tunnel
  }
}

/** One tunnel on its way. */
class Tunnel implements Pending {
  readonly #deps: TunnelDeps
  readonly #end: TunnelEnd
  readonly #done: Connected
  #over = false
  #cancelLimit: () => void = () => {}
  readonly #way: ProxyWay

  constructor(deps: TunnelDeps, end: TunnelEnd, done: Connected) {
    this.#deps = deps
    this.#end = end
    this.#done = done
    this.#way = new ProxyWay(deps)
  }

  begin(): void {
    const { proxy, runtime } = this.#deps
    let asked = false
    this.#cancelLimit = runtime.upkeep(TUNNEL_MS, () => void this.#late(asked))
    this.#way
      .open()
      .then(async (socket) => {
        asked = true
        await shakeHands(socket, proxy, this.#end)
        this.#finish(null, socket)
      })
      .catch((error: Error) => this.#finish(error, null))
  }

  destroy(): void {
    this.#over = true
    this.#cancelLimit()
    this.#way.destroy()
  }

  /** A proxy that lives and has not said that it is connected waits for the target, as this server would without one. */
  async #late(asked: boolean): Promise<void> {
    if (this.#over) return
    const lives = asked && (await this.#lives())
    const late = new TargetFault('ETIMEDOUT', 'the connection did not come about in time')
    this.#finish(lives ? late : new ProxyFault('the proxy did not answer in time'), null)
  }

  async #lives(): Promise<boolean> {
    const { proxy, runtime } = this.#deps
    const way = new ProxyWay(this.#deps)
    const cancel = runtime.upkeep(LIVES_MS, () => way.destroy())
    try {
      await askWhetherItLives(await way.open(), proxy)
      return true
    } catch {
      // Why it does not live is told by what asked for the tunnel.
      return false
    } finally {
      cancel()
      way.destroy()
    }
  }

  #finish(...result: [error: null, socket: Socket] | [error: Error, socket: null]): void {
    if (this.#over) {
      if (result[1] !== null) result[1].destroy()
      return
    }
    this.#over = true
    this.#cancelLimit()
    if (result[0] !== null) this.#way.destroy()
    this.#done(...result)
  }
}

/** The connection to the proxy itself, through TLS where that is how it is spoken to. */
class ProxyWay {
  readonly #deps: TunnelDeps
  #cancel: () => void = () => {}
  #sockets: Socket[] = []
  #abandon: (error: Error) => void = () => {}

  constructor(deps: TunnelDeps) {
    this.#deps = deps
  }

  /** Rejects with `ProxyFault`. */
  async open(): Promise<Socket> {
    const { proxy } = this.#deps
    const addresses = isIP(proxy.hostname) === 0 ? await this.#lookUp() : [proxy.hostname]
    const socket = await this.#connect(addresses)
    return proxy.protocol === 'https:' ? this.#secure(socket) : socket
  }

  /** Ends it; what is waited for rejects. */
  destroy(): void {
    this.#cancel()
    for (const socket of this.#sockets) socket.destroy()
    this.#abandon(new ProxyFault('the proxy was not waited for'))
  }

  #wait<Value>(begin: (done: (value: Value) => void, failed: (error: Error) => void) => () => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#abandon = reject
      this.#cancel = begin(resolve, reject)
    })
  }

  #lookUp(): Promise<readonly string[]> {
    const { names, proxy } = this.#deps
    return this.#wait((done, failed) =>
      names.find(proxy.hostname, { asker: '' }, (error, addresses) => {
        if (error === null) done(addresses)
        else failed(new ProxyFault('the name of the proxy could not be looked up'))
      }),
    )
  }

  #connect(addresses: readonly string[]): Promise<Socket> {
    const { proxy, runtime } = this.#deps
    const open = (host: string) => openSocket({ host, port: proxy.port, ...KEEP_ALIVE })
    return this.#wait((done, failed) => {
      const race = raceConnections({ addresses, open, runtime }, (error, socket) => {
        if (error !== null) return failed(new ProxyFault(`the proxy cannot be reached (${codeOf(error)})`))
        // Whatever becomes of it, an error has to be heard by something.
        socket.on('error', () => {})
        this.#sockets.push(socket)
        done(socket)
      })
      return () => race.destroy()
    })
  }

  #secure(socket: Socket): Promise<Socket> {
    const { hostname } = this.#deps.proxy
    const servername = isIP(hostname) === 0 ? hostname : ''
    return this.#wait((done, failed) => {
      const tls = startTls({ socket, host: hostname, servername, ALPNProtocols: ['http/1.1'] })
      this.#sockets.push(tls)
      tls.on('error', (error) => failed(new ProxyFault(`TLS with the proxy failed (${codeOf(error)})`)))
      tls.once('close', () => failed(new ProxyFault('the proxy ended the connection')))
      tls.once('secureConnect', () => done(tls))
      return () => tls.destroy()
    })
  }
}

function codeOf(error: Error): string {
  return String((error as { code?: unknown }).code ?? 'unknown')
}
