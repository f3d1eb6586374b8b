import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { runStoreCases } from '../suite.ts'

// A store of PostgreSQL mostly waits for it: two of them keep both busy.
const databases = [await testDatabase(), await testDatabase()]
const runtime = createRuntime(silentLog)

runStoreCases('postgres', ...databases.map((database) => () => database.openEmpty(runtime, { clock: 'caller' })))
