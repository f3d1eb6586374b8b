/** The pages of the reference of the HTTP API, by the name of their file. */
export function apiPages(description: unknown): Map<string, string>
/** Makes the folder docs/reference/api anew. */
export function writeApiPages(): void
