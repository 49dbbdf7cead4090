import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'

export type Column<Row> = Readonly<{
  title: string
  cell(row: Row): ReactNode
  /** Figures stand to the right. */
  number?: boolean
  /** What the address calls this order; the title is then a button. */
  order?: string
}>

type DataTableProps<Row> = Readonly<{
  name: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf(row: Row): string
  open?: (row: Row) => void
  /** The one that is open now. */
  opened?: string | undefined
  order?: string | undefined
  setOrder?: (order: string) => void
  selection?: Readonly<{ keys: ReadonlySet<string>; set(keys: ReadonlySet<string>): void }>
  /** Below the rows: how to get more. */
  foot?: ReactNode
}>

const rowHeight = 38
/** Fewer are all drawn; of more, only what can be seen and a little around it. */
const drawnMax = 150

/** A table of any length, moved through by j, k and Enter. Only what is seen is in the page. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { name, rows, columns, keyOf, open, opened, foot, selection } = props
  const scroller = useRef<HTMLElement>(null)
  const [at, setAt] = useState(-1)
  const many = rows.length > drawnMax
  const virtual = useVirtualizer({
    count: many ? rows.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  })
  const items = many ? virtual.getVirtualItems() : rows.map((_, index) => ({ index, start: 0, end: 0 }))
  const before = many ? (items[0]?.start ?? 0) : 0
  const after = many ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0
  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to))
    setAt(next)
    if (many) virtual.scrollToIndex(next)
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus())
  }
  useTableKeys(scroller, at, move)
  const pressed = (event: KeyboardEvent, row: Row) => {
    if (event.target !== event.currentTarget) return
    if (event.key === 'Enter') open?.(row)
    else if (event.key === 'ArrowDown') move(at + 1)
    else if (event.key === 'ArrowUp') move(at - 1)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too.
    <section className={`card flush table-scroll ${many ? 'tall' : ''}`} ref={scroller} aria-label={name} tabIndex={0}>
      <table className="table" aria-rowcount={rows.length + 1}>
        <Head {...props} />
        <tbody>
          {before > 0 ? <Gap height={before} columns={columns.length} /> : null}
          {items.map(({ index }) => {
            const row = rows[index]
            if (row === undefined) return null
            const key = keyOf(row)
            return (
              <tr
                key={key}
                data-row={index}
                aria-rowindex={index + 2}
                aria-selected={opened === key || undefined}
                tabIndex={open === undefined ? undefined : index === Math.max(at, 0) ? 0 : -1}
                className={open === undefined ? '' : 'opens'}
                onFocus={() => setAt(index)}
                onClick={(event) => wasOnRow(event.target) && open?.(row)}
                onKeyDown={(event) => pressed(event, row)}
              >
                {selection === undefined ? null : <Mark id={key} selection={selection} />}
                {columns.map(({ title, cell, number }) => (
                  <td key={title} className={number ? 'number' : ''}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {after > 0 ? <Gap height={after} columns={columns.length} /> : null}
        </tbody>
      </table>
      {foot}
    </section>
  )
}

/** A link or a button in a row does what it says, and does not open the row. */
const wasOnRow = (target: EventTarget) =>
  target instanceof Element && target.closest('a, button, input, label') === null

const Gap = ({ height, columns }: Readonly<{ height: number; columns: number }>) => (
  <tr>
    <td colSpan={columns + 1} style={{ height, padding: 0 }} />
  </tr>
)

function Head<Row>({ columns, order, setOrder, selection, rows, keyOf }: DataTableProps<Row>) {
  const all = selection !== undefined && rows.length > 0 && rows.every((row) => selection.keys.has(keyOf(row)))
  return (
    <thead>
      <tr>
        {selection === undefined ? null : (
          <th scope="col">
            <input
              type="checkbox"
              aria-label="Select all rows shown"
              checked={all}
              onChange={() => selection.set(new Set(all ? [] : rows.map(keyOf)))}
            />
          </th>
        )}
        {columns.map(({ title, number, order: own }) => (
          <th
            key={title}
            scope="col"
            className={number ? 'number' : ''}
            aria-sort={own !== undefined && own === order ? 'descending' : undefined}
          >
            {own === undefined || setOrder === undefined ? (
              title
            ) : (
              <button type="button" onClick={() => setOrder(own === order ? '' : own)}>
                {title} <span aria-hidden="true">{own === order ? '▾' : '↕'}</span>
              </button>
            )}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function Mark({
  id,
  selection: { keys, set },
}: Readonly<{ id: string; selection: NonNullable<DataTableProps<never>['selection']> }>) {
  const change = () => {
    const next = new Set(keys)
    if (!next.delete(id)) next.add(id)
    set(next)
  }
  return (
    <td>
      <input type="checkbox" aria-label={`Select ${id}`} checked={keys.has(id)} onChange={change} />
    </td>
  )
}

/** j and k go through the rows of the first table, wherever the focus is but in a field. */
function useTableKeys(scroller: RefObject<HTMLElement | null>, at: number, move: (to: number) => void): void {
  const newest = useRef({ at, move })
  newest.current = { at, move }
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !/^[jk]$/.test(event.key)) return
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog') !== null)
        return
      if (document.querySelector('.table-scroll') !== scroller.current) return
      newest.current.move(newest.current.at + (event.key === 'j' ? 1 : -1))
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [scroller])
}
