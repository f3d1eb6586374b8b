import { type TestContext, test } from 'node:test'
import { createLoop, type Loop } from '../../../src/engine/loop.ts'
import { RENEW_EVERY_MS } from '../../../src/engine/push/dispatcher.ts'
import { createRuntime } from '../../../src/runtime.ts'
import type { Store } from '../../../src/store/store.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'

const database = await testDatabase()

const stores: Record<string, () => Promise<Store>> = {
  sqlite: openMemoryStore,
  postgres: () => database.openEmpty(createRuntime(silentLog), { clock: 'caller' }),
}

/** A promise of the engine that holds on either store; each begins with an empty one. */
export function onBothStores(
  name: string,
  keep: (engine: TestEngine, t: TestContext, renewal: Loop) => Promise<void>,
): void {
  for (const [label, open] of Object.entries(stores)) {
    test(`${label}: ${name}`, async (t) => {
      const store = await open()
      t.after(() => store.close())
      const engine = await openTestEngine(t, { store })
      const { runtime, dispatcher } = engine
      await dispatcher.renewLeases()
      const loop = createLoop({ name: 'leases', tick: dispatcher.renewLeases, idleMs: RENEW_EVERY_MS, runtime })
      runtime.onLeap(loop.wake)
      // A store that is this process's alone has no other node that could take anything.
      if (store.shared) loop.start()
      await keep(engine, t, loop)
      await loop.stop()
      engine.runtime.assertNoErrors()
    })
  }
}
