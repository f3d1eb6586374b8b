/** Where traces go, and how many. */
export interface TraceSettings {
  /** The whole address that spans are posted to. */
  url: string
  /** Sent with them; may hold a secret. */
  headers: Record<string, string>
  service: string
  /** The share of those traces that begin here which is recorded, 0 to 1. */
  ratio: number
}

type Environment = Record<string, string | undefined>

/**
 * The settings by the names that the OpenTelemetry specification gives them; null where no endpoint is set, or they
 * are switched off. A text that is returned instead says, in one line, what is wrong.
 */
export function traceSettingsOf(env: Environment): TraceSettings | null | string {
  const read = (name: string) => env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || ''
  const endpoint = read('ENDPOINT')
  if (endpoint === '' || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none')
    return null
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    return 'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL, such as http://127.0.0.1:4318'
  }
  const protocol = read('PROTOCOL') || 'http/json'
  if (!protocol.startsWith('http/')) {
    return `OTEL_EXPORTER_OTLP_PROTOCOL must be http/json, not "${protocol}"; collectors take that on port 4318`
  }
  const headers = headersOf(read('HEADERS'))
  if (headers === null) return 'OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas in between'
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || '1')
  if (!(ratio >= 0 && ratio <= 1)) return 'OTEL_TRACES_SAMPLER_ARG must be a share of the traces, from 0 to 1'
  return { url: urlOf(env, endpoint), headers, service: env.OTEL_SERVICE_NAME || 'discue', ratio }
}

/** The general endpoint is a base; the one for traces is taken as it is. */
function urlOf(env: Environment, endpoint: string): string {
  const url = new URL(endpoint)
  if (!env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url.href
}

function headersOf(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([^\r\n]*?)\s*$/.exec(pair) ?? []
    if (name === undefined) return null
    try {
      headers[name.toLowerCase()] = decodeURIComponent(value!)
    } catch {
      return null
    }
  }
  return headers
}
