import type { Asset, Encoding } from './files.ts'

const PREFERRED: readonly Encoding[] = ['br', 'gzip']

/** The smallest form of a file that the caller understands, by its `Accept-Encoding` (RFC 9110, section 12.5.3). */
export function encodingFor(asset: Asset, acceptEncoding: string | undefined): Encoding {
  const accepted = new Set<string>()
  for (const part of (acceptEncoding ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim())
    if (!parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter))) accepted.add(coding)
  }
  return PREFERRED.find((encoding) => accepted.has(encoding) && asset.content[encoding] !== undefined) ?? 'identity'
}
