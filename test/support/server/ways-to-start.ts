import { spawnSync } from 'node:child_process'
import { copyFileSync, linkSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const NEEDED_NODE = 26

/** How people and machines start a server: the words, and why it cannot be done here, or false. */
export interface WayToStart {
  words: (folder: string) => string[]
  skip: string | false
}

const isThere = (tool: string, ...args: string[]) => spawnSync(tool, args).status === 0
const lacks = (tool: string) => (isThere(tool, '--version') ? false : `there is no ${tool} here`)

/** Another file than the pinned Node.js, and else the same: what start.mjs takes for the one of the machine. */
function otherNode(folder: string): string {
  const path = join(folder, 'node')
  try {
    linkSync(process.execPath, path)
  } catch {
    // Another file system.
    copyFileSync(process.execPath, path)
  }
  return path
}

/** A Node.js of this machine that is too old for the server. */
const olderNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((path) => {
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    return status === 0 && Number.parseInt(stdout.slice(1), 10) < NEEDED_NODE
  })

/** What an image or a unit names of the package, in the checkout of this machine. */
const HERE: Record<string, string[]> = {
  node: [process.execPath],
  '/opt/discue/node_modules/discue/bin/discue.mjs': [join(ROOT, 'bin/discue.mjs')],
  '/opt/discue/node_modules/.bin/discue': [process.execPath, join(ROOT, 'bin/discue.mjs')],
}

/** As in the container: what the image's file says, with the programs of this machine. */
function ofImage(): string[] {
  const file = readFileSync(join(ROOT, 'deploy/Containerfile'), 'utf8')
  const words = (name: string) => JSON.parse(new RegExp(`^${name} (.*)$`, 'm').exec(file)![1]!) as string[]
  return [...words('ENTRYPOINT'), ...words('CMD')].flatMap((word) => HERE[word] ?? word)
}

/** As systemd does it: what the unit says, with the checkout of this machine. */
function ofUnit(): string[] {
  const file = readFileSync(join(ROOT, 'deploy/discue.service'), 'utf8')
  const line = /^ExecStart=(.*)$/m.exec(file)![1]!
  return line.split(' ').flatMap((word) => HERE[word] ?? word)
}

/** The first process of a namespace of its own, which gets no signal that it does not ask for. */
const AS_FIRST = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child']
const noNamespaces = isThere(AS_FIRST[0]!, ...AS_FIRST.slice(1), 'true') ? false : 'no PID namespace can be made here'

export const WAYS_TO_START = {
  'by the pinned Node.js': { words: () => [process.execPath, 'bin/discue.mjs'], skip: false },
  'by npm start': { words: () => ['npm', 'start'], skip: lacks('npm') },
  'by another Node.js': { words: (folder) => [otherNode(folder), 'scripts/start.mjs'], skip: false },
  'by a Node.js that is too old': {
    words: () => [olderNode!, 'bin/discue.mjs'],
    skip: olderNode === undefined ? 'no Node.js here is too old' : false,
  },
  "by the unit's line": { words: ofUnit, skip: false },
  "by the image's entry point": { words: () => [...AS_FIRST, ...ofImage()], skip: noNamespaces },
} satisfies Record<string, WayToStart>

/** As a person types it, in a terminal whose foreground job it is. */
export const inTerminal = {
  words(command: readonly string[]): string[] {
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    return ['script', '--quiet', '--return', '--command', `exec ${quoted.join(' ')}`, '/dev/null']
  },
  skip: lacks('script'),
}
