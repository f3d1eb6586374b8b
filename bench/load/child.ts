/** Ends this process when the one that started it is gone, however that ended: its end of stdin closes with it. */
export function lastsAsLongAsItsParent(): void {
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
  process.stdin.on('error', () => process.exit(0))
}

/** Tells the process that started this one that it can be used, and where: one line of JSON. */
export function printReady(port: number): void {
  process.stdout.write(`${JSON.stringify({ port })}\n`)
}
