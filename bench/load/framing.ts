const HEAD_END = '\r\n\r\n'

/**
 * Cuts a stream of bytes into HTTP/1.1 messages framed by Content-Length, which is all that the measured servers
 * send. `take` gets the head as text and the body, which is only valid during the call.
 * Throws where a message is framed in another way: a measurement that guesses is none.
 */
export function createFramer(take: (head: string, body: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer | null = null
  return (chunk) => {
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk])
    const used = takeWhole(bytes, take)
    rest = used < bytes.length ? bytes.subarray(used) : null
  }
}

function takeWhole(bytes: Buffer, take: (head: string, body: Buffer) => void): number {
  let start = 0
  while (start < bytes.length) {
    const headEnd = bytes.indexOf(HEAD_END, start, 'latin1')
    if (headEnd === -1) break
    const head = bytes.toString('latin1', start, headEnd)
    const bodyStart = headEnd + HEAD_END.length
    const bodyEnd = bodyStart + contentLength(head)
    if (bodyEnd > bytes.length) break
    take(head, bytes.subarray(bodyStart, bodyEnd))
    start = bodyEnd
  }
  return start
}

function contentLength(head: string): number {
  const match = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (match !== null) return Number(match[1])
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error(`framed without Content-Length:\n${head}`)
  return 0
}
