import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from './config/config.ts'
import { ConfigError } from './config/sources.ts'

/** A certificate, with the chain above it where the file has one, and its private key; both in PEM. */
export interface TlsFiles {
  cert: string
  key: string
}

/** Reads what the server shows to its clients. Throws `ConfigError` for files that it could not serve with. */
export function readTlsFiles(paths: Config['tls']): TlsFiles | null {
  if (paths === null) return null
  const cert = read('DISCUE_TLS_CERT', paths.cert)
  const key = read('DISCUE_TLS_KEY', paths.key)
  const certificate = parse('DISCUE_TLS_CERT', paths.cert, 'certificate', () => new X509Certificate(cert))
  const privateKey = parse('DISCUE_TLS_KEY', paths.key, 'private key without a passphrase', () => createPrivateKey(key))
  expectPair(certificate, privateKey)
  return { cert, key }
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function parse<Parsed>(name: string, path: string, what: string, make: () => Parsed): Parsed {
  try {
    return make()
  } catch {
    // The library's own words speak of decoders, and might quote a key.
    throw new ConfigError(`${name}: ${path} holds no ${what} in PEM`)
  }
}

function expectPair(certificate: X509Certificate, key: KeyObject): void {
  if (certificate.checkPrivateKey(key)) return
  throw new ConfigError('DISCUE_TLS_KEY: this key is not the one of the certificate in DISCUE_TLS_CERT')
}
