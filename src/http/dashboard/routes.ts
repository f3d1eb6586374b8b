import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../../core/problem.ts'
import type { Runtime } from '../../runtime.ts'
import { readConditions } from '../present/etag.ts'
import { type Asset, createDashboardFiles, type Encoding } from './files.ts'

const page = {
  operationId: 'getDashboard',
  summary: 'The dashboard, a page for people',
  description:
    'Signing in takes an API key, which the page keeps for the session of the browser. Where it is not built, browsers get a page that says so, and others a 501.',
  tags: ['server'],
  response: {
    200: { description: 'OK', content: { 'text/html': { schema: Type.String({ examples: ['<!doctype html>'] }) } } },
  },
}

const PREFERRED: readonly Encoding[] = ['br', 'gzip']

/** For a person who comes before the pages are there: `npm start` makes them beside the server. */
const NOT_BUILT = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta http-equiv="refresh" content="3">
  <title>discue</title>
  <h1>The dashboard is not built yet</h1>
  <p>After the first <code>npm start</code> it takes about half a minute; this page looks again by itself.
  The API is there already, and its <a href="reference">reference</a>.
  <p>A server that was started in another way has it after <code>npm run build:dashboard</code>.
</html>
`

const NONCE_BYTES = 16
const NONCE_PLACE = /__NONCE__/g

/**
 * For every file, so that none is anything else than what its type says, and none tells other sites where the user is.
 */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * Nothing but the server's own files. The nonce is for the two style elements with which the component library tells
 * touch screens what to do; there are no scripts in the markup at all, and no other page may frame this one.
 */
function policyWith(nonce: string): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/**
 * The dashboard: a page and its files, which need no key; what they show comes from the API, by the user's key.
 * `folder` is where it is built; where nothing is there the page is a 501 that says how to build it.
 */
export function dashboardRoutes(
  app: FastifyInstance,
  { folder, runtime }: { folder: string | null; runtime: Pick<Runtime, 'randomBytes'> },
): void {
  const files = createDashboardFiles(folder)

  app.get('/', { schema: page }, async (request, reply) => {
    const found = await files()
    const isBrowser = request.headers.accept?.includes('text/html') === true
    if (found === null && !isBrowser) throw new Problem('dashboard_not_built')
    const nonce = runtime.randomBytes(NONCE_BYTES).toString('base64')
    return reply
      .headers({ ...HEADERS, 'content-security-policy': policyWith(nonce), 'cache-control': 'no-store' })
      .type('text/html; charset=utf-8')
      .send(found === null ? NOT_BUILT : found.page.replace(NONCE_PLACE, nonce))
  })

  app.get<{ Params: { file: string } }>('/assets/:file', { schema: { hide: true } }, async (request, reply) => {
    const asset = (await files())?.assets.get(request.params.file)
    if (asset === undefined) throw new Problem('path_not_found')
    return sendAsset(request, reply, asset)
  })
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const encoding = encodingFor(asset, request.headers['accept-encoding'])
  const tag = encoding === 'identity' ? asset.tag : `${asset.tag}-${encoding}`
  reply.headers({
    ...HEADERS,
    etag: `"${tag}"`,
    vary: 'accept-encoding',
    // The name changes with the content.
    'cache-control': 'public, max-age=31536000, immutable',
  })
  readConditions(request)
  const { known } = request
  if (known !== null && (known === '*' || known.includes(tag))) return reply.code(304).send()
  if (encoding !== 'identity') reply.header('content-encoding', encoding)
  return reply.type(asset.type).send(asset.content[encoding])
}

/** The smallest form of a file that the caller understands, by its `Accept-Encoding` (RFC 9110, section 12.5.3). */
function encodingFor(asset: Asset, acceptEncoding: string | undefined): Encoding {
  const accepted = new Set<string>()
  for (const part of (acceptEncoding ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim())
    if (!parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter))) accepted.add(coding)
  }
  return PREFERRED.find((encoding) => accepted.has(encoding) && asset.content[encoding] !== undefined) ?? 'identity'
}
