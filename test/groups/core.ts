import { GROUPS, runInOneProcess } from '../support/one-process.ts'

runInOneProcess(GROUPS.core)
