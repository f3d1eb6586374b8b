import { numbers, texts, truths } from './arrays.ts'
import type { Value } from './session.ts'

/** PostgreSQL's types of columns that are handed over. */
export type ColumnType = 'text' | 'int' | 'bigint' | 'boolean'
export type ColumnTypes = Readonly<Record<string, ColumnType>>

type Cell = string | number | boolean | null
type CellOf<Type extends ColumnType> = { text: string; int: number; bigint: number; boolean: boolean }[Type] | null
export type RowOf<Types extends ColumnTypes> = { [Name in keyof Types]: CellOf<Types[Name]> }

/** A table that is handed over as one array for each of its columns. */
export class Columns<Types extends ColumnTypes> {
  readonly #names: readonly string[]
  readonly #types: readonly ColumnType[]
  readonly #cells: Cell[][]
  #length = 0

  constructor(types: Types) {
    this.#names = Object.keys(types)
    this.#types = Object.values(types)
    this.#cells = this.#names.map(() => [])
  }

  get length(): number {
    return this.#length
  }

  /** Adds a row. It is known by its number from then on: the first one has 1, as in PostgreSQL's arrays. */
  add(row: RowOf<Types>): number {
    for (let at = 0; at < this.#names.length; at++) this.#cells[at]!.push(row[this.#names[at]!] as Cell)
    this.#length += 1
    return this.#length
  }

  /** The arrays, in the order of the columns. */
  arrays(): string[] {
    return this.#cells.map((cells, at) => written(this.#types[at]!, cells))
  }

  /** Likewise; null for a column that says nothing, which is not worth a parameter to be written, sent and read. */
  values(): Value[] {
    return this.#cells.map((cells, at) => (cells.some(says) ? written(this.#types[at]!, cells) : null))
  }
}

/** Null and false do not. */
function says(cell: Cell): boolean {
  return cell !== null && cell !== false
}

function written(type: ColumnType, cells: Cell[]): string {
  if (type === 'text') return texts(cells as (string | null)[])
  return type === 'boolean' ? truths(cells as boolean[]) : numbers(cells as (number | null)[])
}
