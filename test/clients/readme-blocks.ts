import { readFileSync } from 'node:fs'

/** All blocks of a page in one language, one after the other, as one program. */
export function blocksOf(path: string, language: string): string {
  const blocks = readFileSync(path, 'utf8').matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))
  return [...blocks].map(([, text]) => text!).join('\n')
}
