import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useRef } from 'react'

export interface Column<Row> {
  title: string
  /** A track of the grid, such as `2fr` or `120px`. */
  width: string
  cell: (row: Row) => ReactNode
  align?: 'end'
  /** On a phone: a line of its own, nothing, or a word before it that stands for the head. */
  phone?: 'wide' | 'hide' | 'label'
}

/** Above this many rows only those that can be seen are drawn. */
const DRAWN_AT_ONCE = 120
const ROW_PX = 49

/**
 * A table of any length. Long ones scroll in a window of their own; `onEnd` is called when the last rows come near,
 * so that more can be added.
 */
export function Table<Row extends { id: string }>({
  label,
  columns,
  rows,
  total,
  onEnd,
  foot,
}: {
  label: string
  columns: Column<Row>[]
  rows: readonly Row[]
  /** How many there are in all, where that is known. */
  total?: number
  onEnd?: () => void
  foot?: ReactNode
}) {
  const style = { '--columns': columns.map(({ width }) => width).join(' ') } as React.CSSProperties
  const long = rows.length > DRAWN_AT_ONCE || onEnd !== undefined
  return (
    <div
      className="table"
      role="table"
      aria-label={label}
      aria-rowcount={(total ?? (onEnd ? -2 : rows.length)) + 1}
      style={style}
    >
      <div className="table-head" role="rowgroup">
        <div className="table-row" role="row" aria-rowindex={1}>
          {columns.map(({ title, align }) => (
            <div key={title} className="table-cell" role="columnheader" data-align={align}>
              {title}
            </div>
          ))}
        </div>
      </div>
      {long ? (
        <LongBody columns={columns} rows={rows} onEnd={onEnd} label={label} />
      ) : (
        <div className="table-body" role="rowgroup">
          {rows.map((row, index) => (
            <div key={row.id} className="table-row" role="row" aria-rowindex={index + 2}>
              <Cells columns={columns} row={row} />
            </div>
          ))}
        </div>
      )}
      {foot && (
        <div role="rowgroup">
          <div role="row">
            <div className="table-foot" role="cell">
              {foot}
            </div>
          </div>
        </div>
      )}
    </div>
  )
}

function LongBody<Row extends { id: string }>({
  columns,
  rows,
  onEnd,
  label,
}: {
  columns: Column<Row>[]
  rows: readonly Row[]
  onEnd: (() => void) | undefined
  label: string
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]!.id,
    overscan: 12,
  })
  const drawn = virtual.getVirtualItems()
  const last = drawn.at(-1)?.index ?? 0
  // Asked for while it is still far: the next page is there before its rows are.
  if (onEnd && last >= rows.length - 40) queueMicrotask(onEnd)
  return (
    // A region that scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <div ref={scroller} className="table-scroll table-body" role="rowgroup" aria-label={`Rows: ${label}`} tabIndex={0}>
      <div className="table-space" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {drawn.map(({ index, start, key }) => (
          <div
            key={key}
            ref={virtual.measureElement}
            data-index={index}
            className="table-row"
            role="row"
            aria-rowindex={index + 2}
            style={{ transform: `translateY(${start}px)` }}
          >
            <Cells columns={columns} row={rows[index]!} />
          </div>
        ))}
      </div>
    </div>
  )
}

function Cells<Row>({ columns, row }: { columns: Column<Row>[]; row: Row }) {
  return columns.map(({ title, cell, align, phone }) => (
    <div
      key={title}
      className="table-cell"
      role="cell"
      data-align={align}
      data-wide={phone === 'wide' || undefined}
      data-hide={phone === 'hide' || undefined}
      data-label={phone === 'label' ? title : undefined}
    >
      {cell(row)}
    </div>
  ))
}
