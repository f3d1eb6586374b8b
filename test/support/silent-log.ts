import type { Log } from '../../src/runtime.ts'

/** For parts that need a log in tests that are about something else. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
