import type { StoredAuth } from '../core/delivery/credentials/listener-auth.ts'
import type { StoredTls } from '../core/delivery/credentials/listener-tls.ts'
import type { StoredHeaders } from '../core/delivery/listener-headers.ts'
import type { Secrets } from '../core/tenant/secret-rotation.ts'

/** What is stored of one listener's secrets; each is a text that the store knows nothing of. */
export interface StoredSecrets extends Secrets {
  listenerId: string
  /** Their values are secrets, too. */
  headers: StoredHeaders
  /** Its `secret` is one, too. */
  auth: StoredAuth | null
  /** So is its `key`. */
  tls: StoredTls | null
}

/** Secrets come and go with their listeners; this is for looking after all of them. */
export interface SecretStore {
  /**
   * Listeners of which any secret, retired ones too, does not begin with `prefix`, or any value of a header, of `auth` or of
   * `tls` is not as it must be: sealed with that prefix where `sealed`, else in clear; by id, after the id `after`. It reads every listener: for a
   * start, not for a request.
   */
  without(ask: { prefix: string; sealed: boolean; after: string | null; limit: number }): Promise<StoredSecrets[]>
  /**
   * Replaces secrets by the same ones in another form, where they still are what `from` says; nothing else of a listener
   * changes. What was there before is overwritten on the disk, as far as that is in the store's power.
   */
  reseal(changes: { from: StoredSecrets; to: StoredSecrets }[]): Promise<void>
  /** Removes retired secrets that sign nothing any more, of up to `limit` listeners; answers with how many those were. */
  forgetRetired(ask: { now: number; limit: number }): Promise<number>
}
