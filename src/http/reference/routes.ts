import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

const page = {
  operationId: 'getReference',
  summary: 'Browse this description',
  tags: ['server'],
  response: {
    200: { description: 'OK', content: { 'text/html': { schema: Type.String({ examples: ['<!doctype html>'] }) } } },
  },
}

/** Nothing but the page's own files and the description; no other page may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

/** A page that shows `/openapi.json` to people. It needs nothing from anywhere else. */
export function referenceRoutes(app: FastifyInstance): void {
  serve(app, '/reference', { file: 'page.html', type: 'text/html', schema: page })
  serve(app, '/reference/page.css', { file: 'page.css', type: 'text/css', schema: { hide: true } })
  serve(app, '/reference/page.js', { file: 'page.js', type: 'text/javascript', schema: { hide: true } })
  serve(app, '/reference/samples.js', { file: 'samples.js', type: 'text/javascript', schema: { hide: true } })
}

/** Files are read once, when the server starts: a missing one shows at once. */
function serve(app: FastifyInstance, url: string, as: { file: string; type: string; schema: object }): void {
  const text = readFileSync(new URL(as.file, import.meta.url), 'utf8')
  app.get(url, { schema: as.schema }, async (_request, reply) =>
    reply.headers(HEADERS).type(`${as.type}; charset=utf-8`).send(text),
  )
}
