/** What came of one check. `warn`: it works, and may not for long; `bad`: something does not work. */
export interface Finding {
  verdict: 'ok' | 'warn' | 'bad'
  /** What was looked at, in a word or two. */
  check: string
  /** What was found, in one line. */
  found: string
  /** What to do about it; nothing where all is well. */
  advice?: string
}

const GIB = 1024 ** 3
/** A database, its log and a backup beside it need room to grow; below the first number the server will soon take nothing. */
const [LITTLE_BYTES, FEW_BYTES] = [GIB / 2, 2 * GIB]
/** One descriptor for each client and for each attempt on the wire. */
const FEW_FILES = 8_192
/** Signatures are refused by receivers that are off by five minutes; much less says that no time is kept. */
const [SKEW_MS, FAR_SKEW_MS] = [2_000, 60_000]

export function versionFinding(own: string, server: string | null): Finding {
  const check = 'version'
  if (server === null)
    return { verdict: 'ok', check, found: `discue ${own} here; the server's is not told to this key` }
  if (server === own) return { verdict: 'ok', check, found: `discue ${own}` }
  const advice = 'use the command of the version that the server has'
  return { verdict: 'warn', check, found: `discue ${own} here, and ${server} on the server`, advice }
}

/** `serverAt` is a Date header, which knows whole seconds. */
export function clockFinding(here: number, serverAt: number | null): Finding {
  const check = 'clock'
  if (serverAt === null)
    return {
      verdict: 'warn',
      check,
      found: 'the answer of the server has no time',
      advice: 'look for a proxy that removes Date',
    }
  const behind = Math.max(0, Math.abs(here - serverAt) - 1_000)
  const seconds = Math.round(behind / 1_000)
  if (behind <= SKEW_MS) return { verdict: 'ok', check, found: 'this machine and the server have the same time' }
  const advice = 'keep the time of both machines by NTP: signatures and schedules go by it'
  const found = `this machine and the server are ${seconds} s apart`
  return { verdict: behind > FAR_SKEW_MS ? 'bad' : 'warn', check, found, advice }
}

export function diskFinding(folder: string, freeBytes: number): Finding {
  const found = `${(freeBytes / GIB).toFixed(1)} GiB are free in ${folder}`
  const verdict = freeBytes < LITTLE_BYTES ? 'bad' : freeBytes < FEW_BYTES ? 'warn' : 'ok'
  if (verdict === 'ok') return { verdict, check: 'disk', found }
  return {
    verdict,
    check: 'disk',
    found,
    advice: 'make room, or lower DISCUE_RETENTION: on a full disk nothing is taken',
  }
}

/** `limits` is the text of /proc/self/limits; null where the system has none. */
export function fileLimitFinding(limits: string | null): Finding {
  const check = 'file limit'
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '')?.[1]
  if (soft === undefined) return { verdict: 'ok', check, found: 'this system does not tell it' }
  const found = `${soft} open files for a process of this shell`
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return { verdict: 'ok', check, found }
  return { verdict: 'warn', check, found, advice: 'start the server with LimitNOFILE=65536, or after ulimit -n 65536' }
}

const MARKS = { ok: 'ok  ', warn: 'warn', bad: 'bad ' } as const
const WIDTH = 12

/** A finding as a line, with what to do behind it. */
export function lineOf({ verdict, check, found, advice }: Finding): string {
  const line = `${MARKS[verdict]}  ${check.padEnd(WIDTH)}  ${found}`
  return advice === undefined ? line : `${line} → ${advice}`
}
