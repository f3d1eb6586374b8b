/** Rows of cells; the first row names the columns. */
export type Table = string[][]

/** Text with the columns aligned: the first to the left, the rest, which holds figures, to the right. */
export function showTable(table: Table): string {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: string[]) => row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('   ')
  const [head = [], ...rows] = table
  return [line(head), widths.map((width) => '─'.repeat(width)).join('   '), ...rows.map(line)].join('\n')
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
