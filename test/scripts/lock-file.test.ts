import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isAllInstalled } from '../../scripts/install/lock-file.mjs'

const LOCK = {
  '': { version: '0.1.0' },
  'node_modules/fastify': { version: '5.0.0', integrity: 'sha512-a' },
  'node_modules/fastify/node_modules/ajv': { version: '8.0.0', integrity: 'sha512-b' },
  'node_modules/typescript': { version: '7.0.0', integrity: 'sha512-c', dev: true },
  'node_modules/fsevents': { version: '2.0.0', integrity: 'sha512-d', optional: true },
}
const { 'node_modules/fsevents': _, 'node_modules/typescript': __, ...SERVER } = LOCK
const FASTIFY = LOCK['node_modules/fastify']

const cases: { name: string; installed: Record<string, object>; server: boolean; development: boolean }[] = [
  { name: 'everything', installed: LOCK, server: true, development: true },
  { name: 'what a server needs', installed: SERVER, server: true, development: false },
  { name: 'nothing', installed: {}, server: false, development: false },
  {
    name: 'another version',
    installed: { ...LOCK, 'node_modules/fastify': { ...FASTIFY, version: '5.0.1' } },
    server: false,
    development: false,
  },
  {
    name: 'the same version with other content',
    installed: { ...LOCK, 'node_modules/fastify': { ...FASTIFY, integrity: 'sha512-z' } },
    server: false,
    development: false,
  },
  {
    name: 'more than the lock file names',
    installed: { ...LOCK, 'node_modules/left': { version: '1.0.0' } },
    server: true,
    development: true,
  },
]

describe('what the lock file names is installed', () => {
  for (const { name, installed, server, development } of cases) {
    test(`with ${name}: ${server ? '' : 'not '}for a server, ${development ? '' : 'not '}for development`, () => {
      assert.equal(isAllInstalled(LOCK, installed, { development: false }), server)
      assert.equal(isAllInstalled(LOCK, installed, { development: true }), development)
    })
  }
})
