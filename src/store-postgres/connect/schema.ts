/** The schema that the texts of this store name: every table, sequence and routine is written as `discue.…`. */
export const DEFAULT_SCHEMA = 'discue'

const QUALIFIER = /\bdiscue\./g

/** Turns a statement of this store into one for the tables in `schema`. Answers with the text itself for `discue`. */
export function forSchema(schema: string): (sql: string) => string {
  if (schema === DEFAULT_SCHEMA) return (sql) => sql
  // In quotes, so that a word which PostgreSQL keeps for itself, such as "user", is a name like any other.
  return (sql) => sql.replace(QUALIFIER, `"${schema}".`)
}
