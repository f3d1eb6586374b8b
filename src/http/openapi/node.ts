/** A JSON Schema, or any other object of the document. */
export interface Node {
  readonly [key: string]: unknown
}
