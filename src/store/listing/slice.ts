/** Something with the revision that it was read at. */
export type Revised<Thing> = Thing & { revision: number }

/** Which part of a listing; null means all of it. `offset` counts entries. */
export type Slice = { offset: number; limit: number } | null

/** Restricts a listing to these ids (of an entry, or of the queue around it); null means no restriction. */
export type Only = readonly string[] | null
