import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Language = 'curl' | 'TypeScript' | 'Python' | 'Go'

const at = (path: string) => new URL(`../../${path}`, import.meta.url)

/** The requests that the reference shows, in each language, by the id of their operation. */
export async function everySample(): Promise<Map<string, Record<Language, string>>> {
  const { samplesOf } = await import(at('src/http/reference/samples.js').href)
  const { paths } = JSON.parse(readFileSync(at('docs/api/openapi.json'), 'utf8'))
  const samples = new Map<string, Record<Language, string>>()
  for (const [path, methods] of Object.entries<Record<string, { operationId: string }>>(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const sample = samplesOf({ method, path, operation, server: 'http://127.0.0.1:3000' })
      samples.set(operation.operationId, sample)
    }
  }
  return samples
}

/** A folder with a file for each operation, in one language. */
export async function writeSamples(
  folder: string,
  language: Language,
  fileOf: (id: string, text: string) => { name: string; text: string },
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const [id, sample] of await everySample()) {
    const { name, text } = fileOf(id, sample[language])
    writeFileSync(join(folder, name), text)
  }
}

/** The folder of a client. */
export const clientFolder = (language: string) => fileURLToPath(at(`clients/${language}`))
