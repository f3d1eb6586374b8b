import { readFileSync, statSync } from 'node:fs'
import type { Runtime } from '../../../runtime.ts'
import { type Hosts, parseHosts } from './hosts-file.ts'
import { parseSearch, parseSources, type SearchSettings, type Sources } from './resolver-settings.ts'

/** Where the system keeps what it knows of names. */
export interface FilePaths {
  hosts: string
  resolvConf: string
  nsswitch: string
}

/** How often it is looked whether a file has changed. */
const LOOK_EVERY_MS = 1_000

export function systemPaths(platform: NodeJS.Platform): FilePaths {
  const hosts = platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'
  return { hosts, resolvConf: '/etc/resolv.conf', nsswitch: '/etc/nsswitch.conf' }
}

/** The system's files on names, read again once they have changed. One that is not there is an empty one. */
export class SystemFiles {
  readonly #hosts: WatchedFile<Hosts>
  readonly #search: WatchedFile<SearchSettings>
  readonly #sources: WatchedFile<Sources>

  constructor(paths: FilePaths, runtime: Pick<Runtime, 'elapsedMs' | 'log'>) {
    this.#hosts = new WatchedFile(paths.hosts, parseHosts, runtime)
    this.#search = new WatchedFile(paths.resolvConf, parseSearch, runtime)
    this.#sources = new WatchedFile(paths.nsswitch, parseSources, runtime)
  }

  get hosts(): Hosts {
    return this.#hosts.content
  }

  get search(): SearchSettings {
    return this.#search.content
  }

  get sources(): Sources {
    return this.#sources.content
  }
}

/**
 * A small file, as it was a second ago at most. It is read synchronously: reading in the background takes a thread of
 * the pool, which is what a look-up must never wait for.
 */
class WatchedFile<Content> {
  readonly #path: string
  readonly #parse: (text: string) => Content
  readonly #runtime: Pick<Runtime, 'elapsedMs' | 'log'>
  #content: Content
  #version = ''
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(path: string, parse: (text: string) => Content, runtime: Pick<Runtime, 'elapsedMs' | 'log'>) {
    this.#path = path
    this.#parse = parse
    this.#runtime = runtime
    this.#content = parse('')
  }

  get content(): Content {
    const now = this.#runtime.elapsedMs()
    if (now - this.#lookedAt < LOOK_EVERY_MS) return this.#content
    this.#lookedAt = now
    const version = this.#currentVersion()
    if (version === this.#version) return this.#content
    this.#version = version
    this.#content = this.#parse(version === '' ? '' : this.#read())
    return this.#content
  }

  /** Empty where there is no such file. */
  #currentVersion(): string {
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
  }

  #read(): string {
    try {
      return readFileSync(this.#path, 'utf8')
    } catch (err) {
      this.#runtime.log.warn({ err, path: this.#path }, 'a file on names cannot be read, and counts as empty')
      return ''
    }
  }
}
