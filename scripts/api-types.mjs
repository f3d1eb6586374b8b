// The types of what the API takes and answers, of its description: docs/api/types.ts, for the command line, the dashboard
// and any other client. `npm run openapi` writes both files.
import { compile } from 'json-schema-to-typescript'

const BANNER = `// What the API takes and answers. Made of openapi.json by \`npm run openapi\`: change the routes, not this file.
`
const STYLE = { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'all' }
/** What the generator says of each type beside its description: that it is one. */
const NOISE = / \*\n \* This interface was referenced by .*\n \* via the `definition` ".*"\.\n(?= \*\/)/g
const NOISE_ALONE = /\/\*\*\n \* This interface was referenced by .*\n \* via the `definition` ".*"\.\n \*\/\n/g
/** It wants a type for the whole, which the API has not. */
const WHOLE = /\nexport interface Whole \{\n.*\n\}\n/

/** A file of TypeScript with a type for each schema of the description, under its name. */
export async function apiTypes(description) {
  const schemas = JSON.parse(
    JSON.stringify(description.components.schemas).replaceAll('#/components/schemas/', '#/definitions/'),
  )
  const text = await compile({ definitions: schemas }, 'Whole', {
    additionalProperties: false,
    bannerComment: BANNER,
    ignoreMinAndMaxItems: true,
    style: STYLE,
    unreachableDefinitions: true,
  })
  return text.replace(NOISE_ALONE, '').replace(NOISE, '').replace(WHOLE, '')
}
