import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './server-process.ts'

/** Both in PEM. */
export interface Certificate {
  cert: string
  key: string
}

/** For 127.0.0.1, signed by itself; null where there is no openssl to make it with. */
export function makeCertificate(): Certificate | null {
  using folder = makeFolder()
  const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')]
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const subject = ['-subj', '/CN=discue test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', [...kind, ...subject, '-keyout', key, '-out', cert])
  return made.status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : null
}

export const NO_OPENSSL = 'there is no openssl here to make a certificate with'
