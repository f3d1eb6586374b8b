import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../folder.ts'

/** Both in PEM. */
export interface Certificate {
  cert: string
  key: string
}

const FOR_LOOPBACK = ['-subj', '/CN=discue test', '-addext', 'subjectAltName=IP:127.0.0.1']

/** For 127.0.0.1, or for a name, signed by itself; null where there is no openssl to make it with. */
export function makeCertificate(name?: string): Certificate | null {
  return make(name === undefined ? FOR_LOOPBACK : ['-subj', '/CN=discue test', '-addext', `subjectAltName=DNS:${name}`])
}

/** An authority, and a certificate for 127.0.0.1 that it has signed; null where there is no openssl. */
export function makeSignedCertificate(): { authority: Certificate; signed: Certificate } | null {
  const authority = make(['-subj', '/CN=discue test authority'])
  if (authority === null) return null
  using folder = makeFolder()
  const [ca, key] = [join(folder.path, 'ca.pem'), join(folder.path, 'ca-key.pem')]
  writeFileSync(ca, authority.cert)
  writeFileSync(key, authority.key)
  const signed = make([...FOR_LOOPBACK, '-addext', 'basicConstraints=critical,CA:FALSE', '-CA', ca, '-CAkey', key])
  return signed === null ? null : { authority, signed }
}

/** For 127.0.0.1, signed by itself, and expired since yesterday; null where there is no openssl to make it with. */
export function makeExpiredCertificate(): Certificate | null {
  const { cert, key } = makeCertificate() ?? {}
  if (cert === undefined || key === undefined) return null
  using folder = makeFolder()
  const [certPath, keyPath] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')]
  writeFileSync(certPath, cert)
  writeFileSync(keyPath, key)
  const made = spawnSync('openssl', ['x509', '-in', certPath, '-signkey', keyPath, '-days', '-1'])
  return made.status === 0 ? { key, cert: made.stdout.toString('utf8') } : null
}

function make(args: readonly string[]): Certificate | null {
  using folder = makeFolder()
  const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')]
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const made = spawnSync('openssl', [...kind, ...args, '-keyout', key, '-out', cert])
  return made.status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : null
}

export const NO_OPENSSL = 'there is no openssl here to make a certificate with'
