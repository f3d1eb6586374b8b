import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { runStoreCases } from '../suite.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)

runStoreCases('postgres', () => database.openEmpty(runtime, { clock: 'caller' }))
