/** What the API takes and answers, made of its own description by `npm run openapi`. */
export type * as Api from '../../../docs/api/types.ts'
