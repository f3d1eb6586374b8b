import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../../src/core/problem.ts'
import { AnswerRoom } from '../../../src/http/body/answer-room.ts'

function ask(room: AnswerRoom, organizationId: string, kind?: 'listing' | 'search' | 'content' | 'names') {
  const request = { principal: { organizationId }, query: {}, answerHold: null } as unknown as FastifyRequest
  const raw = Object.assign(new EventEmitter(), { destroyed: false })
  const work = Promise.withResolvers<string>()
  let began = false
  const answer = room.read(
    request,
    { raw } as unknown as FastifyReply,
    () => {
      began = true
      return work.promise
    },
    kind,
  )
  return { answer, done: () => work.resolve('done'), began: () => began }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('listings wait for listings, searches for searches, and names for nothing', async () => {
  const room = new AnswerRoom()
  const listings = Array.from({ length: 10 }, (_, index) => ask(room, `o${index}`, 'listing'))
  const search = ask(room, 'o0', 'search')
  const names = ask(room, 'o0')
  await turn()
  assert.equal(listings.filter(({ began }) => began()).length, 6)
  assert.deepEqual([search.began(), names.began()], [true, true])
  for (const one of [...listings, search, names]) one.done()
  await Promise.all([...listings, search, names].map(({ answer }) => answer))
})

test('an organization looks through its data once at a time, while other organizations look through theirs', async () => {
  const room = new AnswerRoom()
  const [first, second, third] = [ask(room, 'o', 'content'), ask(room, 'o', 'content'), ask(room, 'o', 'content')]
  const [other, search] = [ask(room, 'p', 'content'), ask(room, 'o', 'search')]
  await turn()
  assert.deepEqual(
    [first, second, third, other, search].map(({ began }) => began()),
    [true, false, false, true, true],
  )
  first.done()
  await first.answer
  await turn()
  await turn()
  assert.deepEqual([second.began(), third.began()], [true, false])
  for (const one of [second, third, other, search]) one.done()
  await Promise.all([second, third, other, search].map(({ answer }) => answer))
})

test('the line is bounded, and an organization has its share of it: more are refused with when to come again', async () => {
  const room = new AnswerRoom()
  const asked = Array.from({ length: 100 }, () => ask(room, 'greedy', 'listing'))
  const outcomes = asked.map(({ answer }) =>
    answer.then(
      () => null,
      (problem: Problem) => problem,
    ),
  )
  const other = ask(room, 'other', 'listing')
  await turn()
  assert.ok(other.began(), 'another organization has its turn')
  for (const one of [...asked, other]) one.done()
  const refused = (await Promise.all(outcomes)).filter((problem) => problem !== null)
  assert.deepEqual(
    [...new Set(refused.map(({ code, headers }) => `${code} ${headers['retry-after']}`))],
    ['too_many_readings 1'],
  )
  assert.ok(refused.length >= 60 && refused.length <= 68, `${refused.length} of 100 were refused`)
  assert.equal(await other.answer, 'done')
})
