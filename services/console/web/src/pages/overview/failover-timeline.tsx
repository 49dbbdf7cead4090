import { Link } from '@tanstack/react-router'
import type { ClusterEventJson } from '../../gen/tern/v1/cluster_pb.js'
import { clock } from '../../lib/format.ts'
import { useEvents } from '../../lib/use-events.ts'
import type { Sample } from '../../lib/use-topology.ts'
import { FailoverCost } from './failover-cost.tsx'
import { piecesOf, ticksOf } from './timeline-lanes.ts'
import { lookOf } from './zone-state.ts'

const windowMs = 15 * 60_000
const shownMax = 4

type TimelineProps = Readonly<{
  samples: readonly Sample[]
  /** The moment that the map shows, when it is not now. */
  at: number | undefined
  setAt(time: number | undefined): void
}>

/** A quarter of an hour of each zone, what happened in it, and what each loss cost. */
export function FailoverTimeline({ samples, at, setAt }: TimelineProps) {
  const { events } = useEvents('', 100)
  const to = samples.at(-1)?.time ?? Date.now()
  const from = to - windowMs
  const place = (time: number) => `${(100 * Math.max(0, Math.min(windowMs, time - from))) / windowMs}%`
  const zones = samples.at(-1)?.zones.map(({ name }) => name) ?? []
  const marked = events.filter(({ time = '' }) => Date.parse(time) >= from)
  const failovers = events.filter(({ failover }) => failover !== undefined).slice(0, 3)
  return (
    <section className="card stack timeline" aria-labelledby="timeline-title">
      <div className="spread">
        <h2 id="timeline-title">Last 15 minutes</h2>
        <Link to="/events">All events</Link>
      </div>
      <div className="lanes">
        {zones.map((zone, index) => (
          <div className="lane" key={zone} data-zone={Math.min(index, 3)}>
            <span className="zone-name small">{zone}</span>
            <div className="lane-track">
              {piecesOf(zone, samples).map((piece) => (
                <span
                  key={piece.from}
                  className={`piece ${lookOf(piece.state).tone}`}
                  style={{ left: place(piece.from), right: `calc(100% - ${place(piece.to)})` }}
                  title={`${zone} ${lookOf(piece.state).word} from ${clock(piece.from, to)}`}
                />
              ))}
              {marked
                .filter((event) => event.zone === zone)
                .map((event) => (
                  <Mark key={event.id} event={event} left={place(Date.parse(event.time ?? ''))} />
                ))}
            </div>
          </div>
        ))}
        <div className="lane axis" aria-hidden="true">
          <span />
          <div className="lane-track">
            {ticksOf(from, to, 180_000).map((tick) => (
              <span key={tick} style={{ left: place(tick) }}>
                {clock(tick, to).slice(0, 5)}
              </span>
            ))}
            {at === undefined ? null : <i className="cursor" style={{ left: place(at) }} />}
          </div>
        </div>
        <label className="lane">
          <span className="small muted">replay</span>
          <input
            type="range"
            aria-label="Show the map as it was"
            min={from}
            max={to}
            step={1_000}
            value={at ?? to}
            aria-valuetext={at === undefined ? 'now' : clock(at, to)}
            onChange={({ target }) => setAt(Number(target.value) >= to - 1_500 ? undefined : Number(target.value))}
          />
        </label>
      </div>
      {failovers.map((event) => (
        <FailoverCost key={event.id} event={event} />
      ))}
      <ol className="happenings">
        {events.slice(0, shownMax).map((event) => (
          <li key={event.id}>
            <time dateTime={event.time}>{clock(Date.parse(event.time ?? ''), to).slice(0, 12)}</time>
            <Link to="/events" search={{ id: event.id } as never} className="breakable">
              {event.text}
            </Link>
          </li>
        ))}
      </ol>
    </section>
  )
}

const markTone = (kind = '') => (/died/.test(kind) ? 'bad' : /drain|moved/.test(kind) ? 'warn' : 'ok')

function Mark({ event, left }: Readonly<{ event: ClusterEventJson; left: string }>) {
  return (
    <Link
      to="/events"
      search={{ id: event.id } as never}
      className={`mark ${markTone(event.kind)}`}
      style={{ left }}
      title={event.text}
      aria-label={event.text ?? 'event'}
      tabIndex={-1}
    />
  )
}
