const MAX_SESSIONS = 512

/**
 * Sessions of TLS that were had last, so that the next connection to the same place needs no full handshake. A server
 * that resumes one is trusted as it was then: the key must tell apart all that is connected to in another way.
 */
export class TlsSessions {
  readonly #sessions = new Map<string, Buffer>()

  get(key: string): Buffer | undefined {
    return this.#sessions.get(key)
  }

  delete(key: string): void {
    this.#sessions.delete(key)
  }

  set(key: string, session: Buffer): void {
    this.#sessions.delete(key)
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!)
    this.#sessions.set(key, session)
  }
}
