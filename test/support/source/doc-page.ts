import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../torture/servers/ports.ts'
import { makeFolder, TEST_ROOT_KEY } from '../server/server-process.ts'
import type { Language, Step } from './doc-blocks.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const RUN: Record<Language, string> = { js: 'node --input-type=module -', python: 'python3 -', go: 'go run /dev/stdin' }
/** Where the pages have the server. */
const SERVER_PORT = '3000'
/** What a server, a receiver and `discue listen` say when they can be used. */
const READY = /\b(ready at|waiting|forwarding)\b/
/** What a reader waits for, at most: a Go program is compiled first, on a machine that has more to do. */
const PATIENCE_MS = 120_000

/** Runs what the pages of the documentation say, as a reader would who pastes one block after the other. */
export class DocPage {
  readonly #folder = makeFolder()
  readonly #background = new Set<ChildProcess>()
  readonly #env: Record<string, string>
  readonly #ports = new Map<string, string>()
  #printed = ''
  #heard = Promise.withResolvers<void>()

  /** `known` are ports of servers that run already, by the port that the pages name. */
  constructor(known: Record<string, string> = {}) {
    for (const [named, real] of Object.entries(known)) this.#ports.set(named, real)
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('DISCUE_') && name !== 'NODE_OPTIONS',
    )
    this.#env = { ...(Object.fromEntries(inherited) as Record<string, string>), PATH: this.#tools(), NO_COLOR: '1' }
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'json') JSON.parse(step.text)
    else if (step.kind === 'expect') await this.#expect(await this.#real(step.text))
    else if (step.kind === 'file') writeFileSync(join(this.#folder.path, step.name), await this.#real(step.text))
    else if (step.kind === 'program') await this.#program(step)
    else if (step.background) await this.#start(await this.#real(step.text))
    else await this.#shell(await this.#real(step.text))
  }

  async close(): Promise<void> {
    for (const child of this.#background) {
      // The whole group: a shell, and what it runs.
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid!, 'SIGTERM')
        await once(child, 'exit')
      }
    }
    this.#folder[Symbol.dispose]()
  }

  /** Ports of this run in the place of those that the page names, and a key in the place of the reader's. */
  async #real(text: string): Promise<string> {
    if (!this.#ports.has(SERVER_PORT)) this.#ports.set(SERVER_PORT, String(await freePort()))
    for (const [, named] of text.matchAll(/(?:127\.0\.0\.1:|localhost:|--port |listen\()(\d{4,5})\b/g)) {
      if (named !== undefined && !this.#ports.has(named)) this.#ports.set(named, String(await freePort()))
    }
    let real = text.replaceAll('the-key-that-the-server-showed', TEST_ROOT_KEY)
    for (const [named, port] of this.#ports) real = real.replace(new RegExp(`\\b${named}\\b`, 'g'), port)
    return real
  }

  async #shell(text: string): Promise<void> {
    // What a block exports, the next ones have, as in one terminal.
    const script = `test -f .env && . ./.env\nset -eo pipefail\n${text}\nexport -p > .env\n`
    const { code, output } = await this.#finish(this.#spawn('bash', ['-c', script]))
    if (code !== 0) throw new Error(`it ended with ${code}:\n${output}`)
  }

  async #program({ text, language }: { text: string; language: Language }): Promise<void> {
    const script = `test -f .env && . ./.env\n${RUN[language]}`
    const child = this.#spawn('bash', ['-c', script])
    child.stdin!.end(await this.#real(text))
    const { code, output } = await this.#finish(child)
    if (code !== 0) throw new Error(`it ended with ${code}:\n${output}`)
  }

  /** It is there once it says so. */
  async #start(text: string): Promise<void> {
    const child = this.#spawn('bash', ['-c', `test -f .env && . ./.env\n${text}`])
    this.#background.add(child)
    let output = ''
    const said = Promise.withResolvers<void>()
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        output += chunk
        if (READY.test(output)) said.resolve()
      })
    }
    child.once('exit', (code) => said.reject(new Error(`it ended with ${code}:\n${output}`)))
    const late = setTimeout(() => said.reject(new Error(`it is not ready:\n${output}`)), PATIENCE_MS)
    await said.promise.finally(() => clearTimeout(late))
  }

  async #expect(text: string): Promise<void> {
    const until = Date.now() + PATIENCE_MS
    while (!this.#printed.includes(text)) {
      this.#heard = Promise.withResolvers()
      const leftMs = until - Date.now()
      const late = setTimeout(() => this.#heard.resolve(), Math.max(0, leftMs))
      if (leftMs <= 0)
        throw new Error(`nothing has printed "${text}"; what was printed:\n${this.#printed.slice(-4_000)}`)
      await this.#heard.promise
      clearTimeout(late)
    }
  }

  #spawn(command: string, args: string[]): ChildProcess {
    const env = { ...this.#env, SERVER_PORT: this.#ports.get(SERVER_PORT)! }
    const child = spawn(command, args, { cwd: this.#folder.path, env, detached: true })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#printed += text
        this.#heard.resolve()
      })
    }
    return child
  }

  async #finish(child: ChildProcess): Promise<{ code: number | null; output: string }> {
    let output = ''
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += chunk))
    child.stdin!.end()
    const late = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), PATIENCE_MS)
    const [code] = await once(child, 'close')
    clearTimeout(late)
    return { code, output }
  }

  /**
   * In front of the reader's own tools: `npm` and `npx discue` as they are in the checkout, with a database of this
   * run's own, and a curl that does not take a refusal for a success. An `npm` that the checkout's scripts call
   * themselves stays where they call it: moved to the root, it would install there while everything runs.
   */
  #tools(): string {
    const folder = join(this.#folder.path, '.tools')
    mkdirSync(folder)
    const node = JSON.stringify(process.execPath)
    const main = JSON.stringify(join(ROOT, 'bin/discue.mjs'))
    const data = JSON.stringify(this.#folder.path)
    const tools: Record<string, string> = {
      curl: `case " $* " in *" -w "*) ;; *) set -- --fail-with-body "$@" ;; esac\nexec ${JSON.stringify(which('curl'))} "$@"`,
      npx: `shift\nexport DISCUE_URL=\${DISCUE_URL:-http://127.0.0.1:$SERVER_PORT}\nexport DISCUE_DATABASE_URL=\${DISCUE_DATABASE_URL:-sqlite:${data}/data/discue.db}\nexec ${node} ${main} "$@"`,
      npm: `export DISCUE_DATABASE_URL=\${DISCUE_DATABASE_URL:-sqlite:${data}/data/discue.db} DISCUE_ROOT_API_KEY=${TEST_ROOT_KEY}\nexport DISCUE_PORT=\${SERVER_PORT:-0}\n[ "$PWD" = ${data} ] && cd ${JSON.stringify(ROOT)}\nexec ${JSON.stringify(which('npm'))} "$@"`,
    }
    for (const [name, text] of Object.entries(tools)) {
      writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${text}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    return [folder, dirname(process.execPath), process.env.PATH].join(delimiter)
  }
}

function which(command: string): string {
  return spawnSync('bash', ['-c', `type -P ${command}`], { encoding: 'utf8' }).stdout.trim()
}
