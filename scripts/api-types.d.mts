/** A file of TypeScript with a type for each schema of the description, under its name. */
export function apiTypes(description: { components: { schemas: object } }): Promise<string>
