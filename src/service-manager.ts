import { execFile } from 'node:child_process'

/** States that a service manager is told of (sd_notify(3)). */
const STATES = { ready: 'READY=1', stopping: 'STOPPING=1' }

/** How long telling it may take before it counts as failed. */
const PATIENCE_MS = 10_000

/**
 * Tells systemd, of this process, where it listens (`NOTIFY_SOCKET`). By its own command (systemd-notify(1)), because Node.js
 * has no sockets for datagrams within one machine: the unit needs `NotifyAccess=all`. Resolves with what went wrong, which
 * stops no server, and null where nothing did.
 */
export function tellServiceManager(state: keyof typeof STATES): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS }
    // As a variable: of the flags for these an older systemd knows one only.
    execFile('systemd-notify', [STATES[state]], options, (error) =>
      resolve(error === null ? null : error.message.split('\n')[0]!),
    )
  })
}
