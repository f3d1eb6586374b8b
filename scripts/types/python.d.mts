/** A module of Python with a type for each schema of the description of version 1, under its name. */
export function pythonTypes(description: { components: { schemas: object } }): string
