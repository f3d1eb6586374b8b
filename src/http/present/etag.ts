import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'
import type { ExpectedRevisions } from '../../store/listing/expected-revision.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The revisions that `If-Match` allows; null where it is absent or `*`. */
    ifMatch: ExpectedRevisions
    /** The tags of `If-None-Match`; null where it is absent. */
    known: readonly string[] | '*' | null
  }
}

/** RFC 9110, section 8.8.3. */
const TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/
/** Ours: the revision, which only a change of the resource itself raises, and a digest of everything that is shown. */
const OURS = /^(\d{1,15})-/
const DIGEST_CHARS = 16

/** Reads `If-Match` of a change, and `If-None-Match` of a `GET`. Throws `bad_header` where it is malformed. */
export function readConditions(request: FastifyRequest): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers
  if (match !== undefined && isChange(request.method)) request.ifMatch = expectedRevisionsOf(tagsIn('If-Match', match))
  if (noneMatch !== undefined && isRead(request.method)) {
    const tags = tagsIn('If-None-Match', noneMatch)
    request.known = tags === '*' ? tags : tags.map((tag) => tag.opaque)
  }
}

/**
 * Sends a single resource with its `ETag`, or 304 where the caller has this very state of it. `shown` is what can
 * change in it, where that is less than all.
 */
export function tagged<Body extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  revision: number,
  body: Body,
  shown: object = body,
): Body | FastifyReply {
  const digest = hash('sha256', JSON.stringify(shown), 'base64url').slice(0, DIGEST_CHARS)
  return taggedAs(request, reply, `${revision}-${digest}`, body)
}

/** Tags a response of which the content has a tag of its own, such as an id that is made from it. */
export function taggedAs<Body extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  opaque: string,
  body: Body,
): Body | FastifyReply {
  reply.header('etag', `"${opaque}"`)
  const { known } = request
  if (known === null || (known !== '*' && !known.includes(opaque))) return body
  return reply.code(304).send()
}

interface Tag {
  weak: boolean
  opaque: string
}

function tagsIn(header: string, value: string): Tag[] | '*' {
  if (value.trim() === '*') return '*'
  const texts = elementsOf(value).map((text) => text.trim())
  // A list may have empty elements (RFC 9110, section 5.6.1), but not only those.
  const tags = texts.filter((text) => text !== '').map((text) => TAG.exec(text))
  if (tags.length > 0 && tags.every((tag) => tag !== null)) {
    return tags.map((tag) => ({ weak: tag[1] !== undefined, opaque: tag[2]! }))
  }
  const message = 'must be * or a list of entity tags, such as "1-x", as an ETag header gave them'
  throw new Problem('bad_header', { errors: [{ path: header, message }] })
}

/** Splits at the commas that stand between tags, not in them; one look at each letter, for a header may be long. */
function elementsOf(value: string): string[] {
  const elements: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < value.length; at++) {
    if (value[at] === '"') isQuoted = !isQuoted
    else if (value[at] === ',' && !isQuoted) {
      elements.push(value.slice(start, at))
      start = at + 1
    }
  }
  return [...elements, value.slice(start)]
}

/** A weak tag never matches here (RFC 9110, section 13.1.1), and one that is not ours never did. */
function expectedRevisionsOf(tags: Tag[] | '*'): ExpectedRevisions {
  if (tags === '*') return null
  return tags.flatMap(({ weak, opaque }) => {
    const revision = weak ? undefined : OURS.exec(opaque)?.[1]
    return revision === undefined ? [] : [Number(revision)]
  })
}

function isChange(method: string): boolean {
  return method === 'PUT' || method === 'PATCH' || method === 'DELETE'
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
