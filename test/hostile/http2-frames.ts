// Frames of HTTP/2 as bytes (RFC 9113), for clients that no library would be.

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  window: 8,
  continuation: 9,
} as const
export const FLAG = { endStream: 1, endHeaders: 4 } as const

/** One frame; `stream` 0 is the connection itself. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A setting by its number (RFC 9113, section 6.5.2). */
export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt16BE(id, 0)
  bytes.writeUInt32BE(value, 2)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A literal field without indexing, its name in full (RFC 7541, section 6.2.2); both shorter than 127 bytes. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)])
}

/** The head of a request for a path, in HPACK, from the static table. */
export function requestHead(method: 'GET' | 'POST', path: string): Buffer {
  const indexed = Buffer.of(method === 'GET' ? 0x82 : 0x83, 0x87)
  return Buffer.concat([indexed, Buffer.of(0x04, path.length), Buffer.from(path), Buffer.of(0x01, 1), Buffer.from('a')])
}
