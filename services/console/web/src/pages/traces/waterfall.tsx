import { useEffect, useMemo, useState } from 'react'
import type { SpanJson, TraceJson } from '../../gen/tern/v1/traces_pb.js'
import { span as spanText } from '../../lib/format.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { useZoneIndex } from '../../lib/use-topology.ts'
import { durationOf, marksOf, moved, type Row, rowsOf, type Window, wholeWindow } from './layout.ts'
import { Minimap } from './minimap.tsx'
import { SpanDetail } from './span-detail.tsx'
import './waterfall.css'

const keys: Readonly<Record<string, 'in' | 'out' | 'left' | 'right'>> = { w: 'in', s: 'out', a: 'left', d: 'right' }
/** More deliveries of one parent are folded to the failed and the slowest. */
const deliveriesMax = 12

/** Spans on one line of time. Zones have their colours and names, the critical path its own line. */
export function Waterfall({ trace }: Readonly<{ trace: TraceJson }>) {
  const [search, setSearch] = useSearchText()
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const [view, setView] = useState<Window>(wholeWindow)
  const zoneOf = useZoneIndex()
  const total = durationOf(trace)
  const rows = useMemo(() => rowsOf(trace, folded), [trace, folded])
  const shown = useMemo(() => (all ? rows : fewDeliveries(rows)), [rows, all])
  useEffect(() => {
    const pressed = ({ key, target, ctrlKey, metaKey }: KeyboardEvent) => {
      if (ctrlKey || metaKey || (target instanceof HTMLElement && target.closest('input, textarea, select, dialog')))
        return
      const by = keys[key]
      if (by !== undefined) setView((now) => moved(now, by))
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])
  const [from, to] = [view.from * total, view.to * total]
  const place = (ms: number) => `${(100 * (ms - from)) / (to - from)}%`
  const opened = trace.spans?.find(({ spanId }) => spanId === search['span'])
  const fold = (id: string) => {
    const next = new Set(folded)
    if (!next.delete(id)) next.add(id)
    setFolded(next)
  }
  return (
    <section className="card flush waterfall" aria-label="Spans of the trace">
      <Minimap rows={rows} total={total} shown={view} show={setView} zoneOf={zoneOf} />
      <div className="ruler" aria-hidden="true">
        <span />
        <div className="track">
          {marksOf(from, to).map((mark) => (
            <span key={mark} style={{ left: place(mark) }}>
              {mark === 0 ? '0' : spanText(mark)}
            </span>
          ))}
        </div>
      </div>
      <ol>
        {shown.map((row) => (
          <SpanRow
            key={row.span.spanId}
            row={row}
            zone={zoneOf(row.span.zone)}
            place={place}
            folded={folded.has(row.span.spanId ?? '')}
            fold={fold}
            opened={row.span.spanId === search['span']}
            open={(id) => setSearch({ span: id === search['span'] ? '' : id })}
          />
        ))}
      </ol>
      <div className="row waterfall-foot">
        <span className="small muted">
          <kbd>w</kbd> <kbd>a</kbd> <kbd>s</kbd> <kbd>d</kbd> zoom and move
        </span>
        <button
          type="button"
          className="button small"
          disabled={view === wholeWindow}
          onClick={() => setView(wholeWindow)}
        >
          Whole trace
        </button>
        {shown.length === rows.length && !all ? null : (
          <button type="button" className="button small" onClick={() => setAll(!all)}>
            {all ? 'Fold deliveries' : `Show ${rows.length - shown.length} more deliveries`}
          </button>
        )}
        <span className="small legend">
          <i className="critical-line" /> critical path
        </span>
      </div>
      {opened === undefined ? null : <SpanDetail span={opened} close={() => setSearch({ span: '' })} />}
    </section>
  )
}

const isDelivery = ({ span: { kind, name = '' } }: Row) => kind === 'consumer' || name.startsWith('deliver')
const isFailed = ({ span }: Row) => span.status === 'error'

/** Failed and slow deliveries stay; of the others, enough to see what is usual. */
function fewDeliveries(rows: readonly Row[]): readonly Row[] {
  const deliveries = rows.filter(isDelivery)
  if (deliveries.length <= deliveriesMax) return rows
  const rank = (row: Row) => (isFailed(row) ? 1e12 : 0) + (row.span.critical ? 1e11 : 0) + row.duration
  const kept = new Set(deliveries.toSorted((a, b) => rank(b) - rank(a)).slice(0, deliveriesMax))
  return rows.filter((row) => !isDelivery(row) || kept.has(row))
}

type SpanRowProps = Readonly<{
  row: Row
  zone: number
  place(ms: number): string
  folded: boolean
  fold(id: string): void
  opened: boolean
  open(id: string): void
}>

function SpanRow({ row, zone, place, folded, fold, opened, open }: SpanRowProps) {
  const { span, depth, start, duration, children, gapFrom } = row
  const id = span.spanId ?? ''
  const failed = isFailed(row)
  const label = labelPlace(place(start), place(start + duration))
  return (
    <li className={opened ? 'span-row opened' : 'span-row'} data-zone={zone}>
      <div className="span-name" style={{ paddingLeft: 8 + Math.min(depth, 10) * 14 }}>
        {children === 0 ? (
          <span className="fold" />
        ) : (
          <button
            type="button"
            className="fold"
            aria-expanded={!folded}
            aria-label={`${children} below ${span.name}`}
            onClick={() => fold(id)}
          >
            {folded ? '▸' : '▾'}
          </button>
        )}
        <button type="button" className="link cut" aria-expanded={opened} onClick={() => open(id)}>
          {span.name}
        </button>
        <span className="muted small cut">{span.service}</span>
      </div>
      <div className="track">
        {gapFrom === undefined ? null : (
          <span
            className="gap"
            style={{ left: place(gapFrom), right: `calc(100% - ${place(start)})` }}
            title={waitOf(span, start - gapFrom)}
          />
        )}
        <span
          className={`span-bar ${failed ? 'failed' : ''} ${span.critical ? 'critical' : ''}`}
          style={{ left: place(start), width: `calc(${place(start + duration)} - ${place(start)})` }}
        />
        <span className={`span-time ${label.inside ? 'inside' : ''}`} style={label.style}>
          {failed ? '✕ ' : ''}
          {spanText(duration)}
          {span.zone ? ` · ${span.zone}` : ''}
        </span>
      </div>
    </li>
  )
}

const waitOf = ({ name }: SpanJson, ms: number) => `waited ${spanText(ms)} before ${name}`

/** Behind its bar; before it where there is no room behind; on it where there is none at all. */
function labelPlace(start: string, end: string) {
  const [from, to] = [Number.parseFloat(start), Number.parseFloat(end)]
  if (to <= 78) return { inside: false, style: { left: `calc(${end} + 6px)` } }
  if (from > 16) return { inside: false, style: { right: `calc(100% - ${start} + 6px)` } }
  return { inside: true, style: { left: `calc(max(0%, ${start}) + 8px)` } }
}
