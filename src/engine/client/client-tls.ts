import { createHash } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { OpenTls } from '../../core/delivery/credentials/listener-tls.ts'

/** How TLS is spoken with a listener that says so itself. */
export class ClientTls {
  /** Equal where all of it is equal; tells nothing of the key. */
  readonly id: string
  readonly serverName: string | null
  readonly verify: boolean
  readonly #tls: OpenTls
  #context: SecureContext | null = null

  constructor(tls: OpenTls) {
    this.#tls = tls
    this.serverName = tls.serverName
    this.verify = tls.verify
    const { ca, cert, key, serverName, verify } = tls
    this.id = createHash('sha256')
      .update(JSON.stringify([ca, cert, key, serverName, verify]))
      .digest('base64')
  }

  /** Made once, when it is first needed: that reads every certificate. Throws where OpenSSL cannot use them. */
  get context(): SecureContext {
    const { ca, cert, key } = this.#tls
    this.#context ??= createSecureContext({
      ...(ca !== null && { ca }),
      ...(cert !== null && key !== null && { cert, key }),
    })
    return this.#context
  }
}
