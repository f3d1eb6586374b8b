import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { otlpDocument } from '../../../src/core/telemetry/span.ts'
import { formatTraceparent, isSampled, parseTraceparent } from '../../../src/core/telemetry/trace.ts'
import { traceSettingsOf } from '../../../src/core/telemetry/trace-settings.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

describe('a traceparent', () => {
  test('says the trace, the span and whether it is recorded, and is written as it was read', () => {
    for (const [flags, sampled] of [
      ['01', true],
      ['00', false],
    ] as const) {
      const context = parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)
      assert.deepEqual(context, { traceId: TRACE, spanId: SPAN, sampled })
      assert.equal(formatTraceparent(context!), `00-${TRACE}-${SPAN}-${flags}`)
    }
  })

  test('of a later version may say more', () => {
    assert.equal(parseTraceparent(`cc-${TRACE}-${SPAN}-03-more`)?.sampled, true)
  })

  const nothing = [
    undefined,
    '',
    'hello',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
  ]
  for (const text of nothing) {
    test(`that is ${JSON.stringify(text)} says nothing`, () => assert.equal(parseTraceparent(text), null))
  }
})

test('a share of the traces is recorded, the same ones by whoever asks', () => {
  const ids = Array.from(
    { length: 4_000 },
    (_, at) => TRACE.slice(0, 19) + (at * 1_125_899_906_842 + 7).toString(16).padStart(13, '0').slice(-13),
  )
  const share = (ratio: number) => ids.filter((id) => isSampled(id, ratio)).length / ids.length
  assert.equal(share(0), 0)
  assert.equal(share(1), 1)
  assert.ok(Math.abs(share(0.25) - 0.25) < 0.01, String(share(0.25)))
})

describe('the settings of traces', () => {
  test('are none without an endpoint, and none where they are switched off', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
    assert.equal(traceSettingsOf({}), null)
    assert.equal(traceSettingsOf({ ...endpoint, OTEL_SDK_DISABLED: 'true' }), null)
    assert.equal(traceSettingsOf({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), null)
  })

  test('go by the names of the specification', () => {
    assert.deepEqual(traceSettingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/base/' }), {
      url: 'http://collector:4318/base/v1/traces',
      headers: {},
      service: 'discue',
      ratio: 1,
    })
    const all = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/taken-as-it-is',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20abc, x-team = shop',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_SERVICE_NAME: 'queue',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }
    assert.deepEqual(traceSettingsOf(all), {
      url: 'https://collector/taken-as-it-is',
      headers: { authorization: 'Basic abc', 'x-team': 'shop' },
      service: 'queue',
      ratio: 0.25,
    })
  })

  const wrong: [Record<string, string>, RegExp][] = [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, /must be an http or https URL/],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /must be http\/json, not "grpc"/],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, /must be name=value pairs/],
    [{ OTEL_TRACES_SAMPLER_ARG: '2' }, /must be a share of the traces/],
  ]
  for (const [env, says] of wrong) {
    test(`that are wrong are told in one line: ${Object.keys(env)}`, () => {
      const result = traceSettingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', ...env })
      assert.match(String(result), says)
    })
  }
})

test('spans are sent as the protocol has them', () => {
  const context = { traceId: TRACE, spanId: SPAN, sampled: true }
  const span = {
    context,
    parentSpanId: null,
    name: 'commit',
    kind: 'producer',
    startedAt: 1_000,
    endedAt: 1_250,
  } as const
  const spans = [{ ...span, attributes: { text: 'a', number: 2 }, failure: 'stale' }]
  const { resourceSpans } = JSON.parse(otlpDocument(spans, { service: 'discue', version: '1.2.3' }))
  assert.deepEqual(resourceSpans[0].resource.attributes[0], { key: 'service.name', value: { stringValue: 'discue' } })
  assert.deepEqual(resourceSpans[0].scopeSpans[0].spans, [
    {
      traceId: TRACE,
      spanId: SPAN,
      name: 'commit',
      kind: 4,
      startTimeUnixNano: '1000000000',
      endTimeUnixNano: '1250000000',
      attributes: [
        { key: 'text', value: { stringValue: 'a' } },
        { key: 'number', value: { intValue: '2' } },
      ],
      status: { code: 2, message: 'stale' },
    },
  ])
})
