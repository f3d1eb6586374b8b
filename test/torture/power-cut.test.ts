import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { randomOf } from '../../torture/plan/random.ts'
import { type Disk, makeDisk } from '../../torture/servers/disk.ts'
import { cutPower } from '../../torture/servers/power-cut.ts'

const root = mkdtempSync(join(tmpdir(), 'discue-disk-'))
after(() => rmSync(root, { recursive: true }))
const [tools, files] = [join(root, 'tools'), join(root, 'files')]
for (const folder of [tools, files]) mkdirSync(folder)
const made = makeDisk(tools, files)
const disk = made as Disk
const skip = typeof made === 'string' && made
const path = join(files, 'file')

/** Runs these lines in a process whose disk it is; answers with the code of the error, where there is one. */
function run(lines: string): string {
  const script = `const fs = require('fs'); try { ${lines} } catch (error) { process.stdout.write(error.code) }`
  const args = ['-e', script.replaceAll('PATH', JSON.stringify(path))]
  return execFileSync(process.execPath, args, { env: { ...process.env, ...disk.env }, encoding: 'utf8' })
}

/** Numbers that lose everything, and some that lose a part: the first two that do so. */
const losing = (share: number) => {
  for (let seed = 0; ; seed++) if (randomOf(seed, 'cut').pick([0, 0, 50, 90]) === share) return randomOf(seed, 'cut')
}

describe('a power cut', { skip }, () => {
  test('keeps what was synced, and takes back what was written, overwritten, appended and cut off since', () => {
    run(`const fd = fs.openSync(PATH, 'w'); fs.writeSync(fd, 'a'.repeat(2000)); fs.fsyncSync(fd)
      fs.writeSync(fd, 'b'.repeat(600), 100); fs.writeSync(fd, 'c'.repeat(900), 1900); fs.ftruncateSync(fd, 50)`)
    assert.equal(readFileSync(path, 'utf8'), 'a'.repeat(50))
    cutPower(disk.journal, losing(0))
    assert.equal(readFileSync(path, 'utf8'), 'a'.repeat(2000))
  })

  test('loses nothing where all was synced, and nothing twice', () => {
    run(`const fd = fs.openSync(PATH, 'w'); fs.writeSync(fd, 'kept'); fs.fdatasyncSync(fd)`)
    for (let cut = 0; cut < 2; cut++) cutPower(disk.journal, losing(0))
    assert.equal(readFileSync(path, 'utf8'), 'kept')
  })

  test('tears what was not synced at the edges of sectors', () => {
    run(`const fd = fs.openSync(PATH, 'w'); fs.writeSync(fd, 'a'.repeat(51200)); fs.fsyncSync(fd)
      fs.writeSync(fd, 'b'.repeat(51200), 0)`)
    cutPower(disk.journal, losing(50))
    const sectors = readFileSync(path, 'utf8').match(/.{512}/g)!
    assert.deepEqual(new Set(sectors), new Set(['a'.repeat(512), 'b'.repeat(512)]))
  })

  test('takes back also what a disk only said that it had synced', () => {
    run(`fs.writeFileSync(PATH, 'before', { flush: true })`)
    disk.set('lying')
    run(`const fd = fs.openSync(PATH, 'r+'); fs.writeSync(fd, 'after!'); fs.fsyncSync(fd)`)
    disk.set('well')
    cutPower(disk.journal, losing(0))
    assert.equal(readFileSync(path, 'utf8'), 'before')
  })
})

describe('a disk that fails', { skip }, () => {
  test('takes no more where it is full, but what replaces what it has', () => {
    run(`fs.writeFileSync(PATH, '12345')`)
    disk.set('full')
    assert.equal(run(`const fd = fs.openSync(PATH, 'r+'); fs.writeSync(fd, 'abcde')`), '')
    assert.equal(run(`fs.appendFileSync(PATH, 'more')`), 'ENOSPC')
    disk.set('well')
    assert.equal(readFileSync(path, 'utf8'), 'abcde')
  })

  test('fails some writes and syncs, and not all of them', () => {
    disk.set('failing')
    const failed = run(`const fd = fs.openSync(PATH, 'w'); let failed = 0
      for (let n = 0; n < 200; n++) for (const what of [() => fs.writeSync(fd, 'xx', 0), () => fs.fsyncSync(fd)])
        try { what() } catch (error) { if (error.code === 'EIO') failed++ }
      process.stdout.write(String(failed))`)
    disk.set('well')
    assert.ok(Number(failed) > 40 && Number(failed) < 200, failed)
  })
})
