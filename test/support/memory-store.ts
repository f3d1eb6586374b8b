import type { Store } from '../../src/store/store.ts'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { emptyImage } from '../../src/store-sqlite/file/connection.ts'

let image: Uint8Array | undefined

/** A store in memory that is empty. The migrations run once a process: they take longer than most tests that want one. */
export function openMemoryStore(): Promise<Store> {
  image ??= emptyImage()
  return openSqliteStore(':memory:', { image })
}
