import buildValidators, { type ValidatorFactory } from '@fastify/ajv-compiler'
import buildSerializers, { type SerializerFactory } from '@fastify/fast-json-stringify-compiler'
import { boundedValidator, type Validator } from './bounded-validator.ts'
import { formats } from './formats.ts'
import { listValidator, longListOf } from './list-validator.ts'

/** A part of a request, and what it must look like. */
interface Part {
  schema: object
  httpPart?: string
}

/**
 * Fastify's own compilers, put off: what checks or writes a body is built when it is first needed. Building all of it
 * would be a third of a start, and most of it is for routes that the next hour does not see. What finding faults costs is
 * bounded, and a long list is checked in pieces.
 */
export function lazyCompilers(): { buildValidator: ValidatorFactory; buildSerializer: SerializerFactory } {
  const validators = buildValidators()
  const serializers = buildSerializers()
  const buildValidator: typeof validators = (schemas, options) => {
    const compileAll = once(() => validators(schemas, options))
    const compileFirst = once(() => validators(schemas, stoppingAtTheFirst(options)))
    return ((route: Part) => {
      const build = (schema: object) =>
        boundedValidator(
          () => compileFirst()({ ...route, schema }) as Validator,
          () => compileAll()({ ...route, schema }) as Validator,
        )
      const list = route.httpPart === 'body' ? longListOf(route.schema) : undefined
      return list === undefined ? build(route.schema) : listValidator(route.schema, list, build)
    }) as ReturnType<typeof validators>
  }
  const buildSerializer: typeof serializers = (schemas, options) => {
    // What is answered was checked as it came in. A format that it does not know it would tell standard error of.
    const known = Object.fromEntries(Object.keys(formats).map((name) => [name, true]))
    const compile = serializers(schemas, { ...options, ajv: { formats: known } } as typeof options)
    return (route) => lazySerializer(() => compile(route))
  }
  return { buildValidator, buildSerializer }
}

function stoppingAtTheFirst<Options extends { customOptions?: object } | undefined>(options: Options): Options {
  return { ...options, customOptions: { ...options?.customOptions, allErrors: false } }
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => {
    made ??= make()
    return made
  }
}

function lazySerializer(build: () => (body: unknown) => string): (body: unknown) => string {
  let built: ReturnType<typeof build> | undefined
  return (body) => {
    built ??= build()
    return built(body)
  }
}
