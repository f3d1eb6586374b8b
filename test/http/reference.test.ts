import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedApi } from '../support/server/api.ts'

const api = await sharedApi()
const get = (url: string) => api.inject({ method: 'GET', url })

test('the reference is a page that needs no key', async () => {
  const { statusCode, headers, body } = await get('/reference')
  assert.equal(statusCode, 200)
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.match(body, /^<!doctype html>/)
})

test('everything that the page asks for is on this server, below the same address', async () => {
  const { body } = await get('/reference')
  const asked = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!)
  const files = asked.filter((url) => !url.startsWith('#') && !url.startsWith('data:'))
  assert.deepEqual(files.toSorted(), ['openapi.json', 'reference/page.css', 'reference/page.js'])
  for (const file of files) assert.equal((await get(`/${file}`)).statusCode, 200, file)
})

test('the page and its files name nothing elsewhere, and have no script or style in the markup', async () => {
  for (const url of ['/reference', '/reference/page.css', '/reference/page.js', '/reference/samples.js']) {
    assert.doesNotMatch((await get(url)).body, /https?:\/\/|\son\w+=|<style|style=|innerHTML|eval\(/, url)
  }
  assert.doesNotMatch((await get('/reference')).body, /<script(?![^>]* src=)/)
})

test('the page may only load what is its own, and nobody may frame it', async () => {
  for (const url of ['/reference', '/reference/page.css', '/reference/page.js', '/reference/samples.js']) {
    const { headers } = await get(url)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /script-src 'self';/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
})
