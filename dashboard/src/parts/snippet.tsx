import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { API } from '../api/client.ts'
import { IconButton } from './button.tsx'
import { say } from './toasts.tsx'

const SHOWN_MS = 1_600

/** Text to copy, such as a line to paste into a terminal. */
export function Snippet({ children, label = 'Copy' }: { children: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  const press = async () => {
    if (!(await written(children))) return
    setCopied(true)
    setTimeout(() => setCopied(false), SHOWN_MS)
  }
  return (
    <div className="snippet">
      <pre>{children}</pre>
      <IconButton icon={copied ? Check : Copy} label={copied ? 'Copied' : label} size="small" onPress={press} />
    </div>
  )
}

/** Puts text on the clipboard, and says so. */
export async function copy(text: string): Promise<void> {
  if (await written(text)) say('Copied.')
}

async function written(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Only pages over TLS or on this machine may.
    say('The browser does not let this page copy: select the text instead.', 'bad')
    return false
  }
}

/** A call of this server as a line to paste; the key comes from the variable KEY, never from the page. */
export function curl(method: string, path: string, body?: unknown): string {
  const line = [`curl -s -X ${method} ${API}${path}`, `-H "X-API-KEY: $KEY"`]
  if (body !== undefined) line.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`)
  return line.join(' \\\n  ')
}
