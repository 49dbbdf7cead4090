import { type PointerEvent, useRef } from 'react'
import type { Row, Window } from './layout.ts'

type MinimapProps = Readonly<{
  rows: readonly Row[]
  total: number
  shown: Window
  show(window: Window): void
  zoneOf(zone: string | undefined): number
}>

const height = 46
const drawnMax = 300

/** The whole trace, small; dragging over it shows that part. Keys do the same, so it is left out of what is read aloud. */
export function Minimap({ rows, total, shown, show, zoneOf }: MinimapProps) {
  const from = useRef<number>(undefined)
  const drawn = rows.slice(0, drawnMax)
  const step = Math.min(5, height / Math.max(1, drawn.length))
  const at = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - left) / width))
  }
  const drag = (event: PointerEvent<SVGSVGElement>) => {
    const [a, b] = [from.current, at(event)]
    if (a !== undefined && Math.abs(a - b) > 0.004) show({ from: Math.min(a, b), to: Math.max(a, b) })
  }
  return (
    <svg
      className="minimap"
      viewBox={`0 0 1000 ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      onPointerDown={(event) => {
        from.current = at(event)
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={drag}
      onPointerUp={() => {
        from.current = undefined
      }}
    >
      {drawn.map(({ span, start, duration }, i) => (
        <rect
          key={span.spanId}
          data-zone={zoneOf(span.zone)}
          className={span.status === 'error' ? 'failed' : ''}
          x={(1_000 * start) / total}
          y={i * step}
          width={Math.max(1.5, (1_000 * duration) / total)}
          height={Math.max(1, step - 0.6)}
        />
      ))}
      <rect className="outside" x={0} y={0} width={1_000 * shown.from} height={height} />
      <rect className="outside" x={1_000 * shown.to} y={0} width={1_000 * (1 - shown.to)} height={height} />
    </svg>
  )
}
