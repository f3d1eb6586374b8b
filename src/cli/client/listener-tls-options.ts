import { type Command, Option } from 'commander'
import { UsageFailure } from './failure.ts'
import { readTextFile } from './given-text.ts'

/** How TLS is spoken with a listener; certificates and the key are files. */
export interface TlsOptions {
  tls?: 'none'
  tlsCa?: string
  tlsCert?: string
  tlsKey?: string
  tlsServerName?: string
  tlsVerify?: 'on' | 'off'
}

export function addTlsOptions(command: Command): Command {
  return command
    .option('--tls-ca <path>', 'the authorities to trust, in PEM, in place of the well-known ones')
    .option('--tls-cert <path>', 'the certificate to show, in PEM')
    .option('--tls-key <path>', 'its private key; an update with --tls-cert alone keeps what is stored')
    .option('--tls-server-name <name>', 'what to ask for, where it is not the host of the URL')
    .addOption(
      new Option('--tls-verify <on>', 'off: take any certificate, where the operator allows it').choices(['on', 'off']),
    )
    .addOption(new Option('--tls <none>', 'forget all of these').choices(['none']))
}

/** What `tls` is in the body for the API, which replaces all of it; undefined where nothing was said of it. */
export function tlsBody(options: TlsOptions): Record<string, unknown> | null | undefined {
  const { tls, tlsCa, tlsCert, tlsKey, tlsServerName, tlsVerify } = options
  const said = [tlsCa, tlsCert, tlsKey, tlsServerName, tlsVerify].some((value) => value !== undefined)
  if (tls === 'none') {
    if (said) throw new UsageFailure('--tls none goes with no other option of TLS')
    return null
  }
  if (!said) return undefined
  const read = (path: string | undefined) => (path === undefined ? null : readTextFile(path))
  return {
    ca: read(tlsCa),
    cert: read(tlsCert),
    key: tlsKey === undefined && tlsCert !== undefined ? '***' : read(tlsKey),
    server_name: tlsServerName ?? null,
    verify: tlsVerify !== 'off',
  }
}
