/**
 * One line for the operator who started the server, for the failures that occur in practice; any other error as it says
 * itself.
 */
export function explainStartError(error: unknown): string {
  const { code, address, port, message } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const where = `${address ?? 'the address'} port ${port ?? ''}`.trim()
  if (code === 'EADDRINUSE')
    return `${where} is in use; stop what listens there or take another (DISCUE_PORT, DISCUE_METRICS_PORT)`
  if (code === 'EACCES')
    return `this user may not listen on ${where}; take one above 1023 (DISCUE_PORT, DISCUE_METRICS_PORT)`
  if (code === 'EADDRNOTAVAIL') return `${where} is not an address of this machine; set DISCUE_HOST to one that is`
  if (code === 'ENOTFOUND') return `the host of DISCUE_HOST is not known`
  return String(message ?? error).split('\n')[0]!
}
