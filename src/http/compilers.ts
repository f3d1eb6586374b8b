import buildValidators, { type ValidatorFactory } from '@fastify/ajv-compiler'
import buildSerializers, { type SerializerFactory } from '@fastify/fast-json-stringify-compiler'

/**
 * Fastify's own compilers, put off: what checks or writes a body is built when it is first needed. Building all of it
 * would be a third of a start, and most of it is for routes that the next hour does not see.
 */
export function lazyCompilers(): { buildValidator: ValidatorFactory; buildSerializer: SerializerFactory } {
  const validators = buildValidators()
  const serializers = buildSerializers()
  const buildValidator: typeof validators = (schemas, options) => {
    const compile = validators(schemas, options)
    return ((route) => lazyValidator(() => compile(route))) as typeof compile
  }
  const buildSerializer: typeof serializers = (schemas, options) => {
    const compile = serializers(schemas, options)
    return (route) => lazySerializer(() => compile(route))
  }
  return { buildValidator, buildSerializer }
}

/** Tells whether the data fits; where it does not, `errors` says why. */
interface Validator {
  (data: unknown): unknown
  errors?: unknown
}

function lazyValidator(build: () => Validator): Validator {
  let built: Validator | undefined
  const validate: Validator = (data) => {
    built ??= build()
    const fits = built(data)
    validate.errors = built.errors
    return fits
  }
  return validate
}

function lazySerializer(build: () => (body: unknown) => string): (body: unknown) => string {
  let built: ReturnType<typeof build> | undefined
  return (body) => {
    built ??= build()
    return built(body)
  }
}
