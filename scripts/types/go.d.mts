/** A file of Go with a type for each schema of the description of version 1, under its name. */
export function goTypes(description: { components: { schemas: object } }): string
