import { Link } from '@tanstack/react-router'
import type { ClusterEventJson } from '../../gen/tern/v1/cluster_pb.js'
import { clock, count, millis, span, whole } from '../../lib/format.ts'

/** What one loss cost: when it was noticed, when all was served again, and what had to be repeated. */
export function FailoverCost({ event }: Readonly<{ event: ClusterEventJson }>) {
  const { failover = {}, zone = '', time = '', moves = [], text } = event
  const detection = millis(failover.detection) ?? 0
  const recovery = millis(failover.recovery) ?? 0
  const noticed = recovery === 0 ? 0 : Math.min(100, (100 * detection) / recovery)
  const epochs = moves[0] === undefined ? undefined : `epoch ${moves[0].epochBefore} → ${moves[0].epochAfter}`
  const redelivered = Number(failover.redelivered ?? -1)
  return (
    <article className="failover" aria-label={text}>
      <header className="spread">
        <h3>
          {zone} lost, {count(failover.queues ?? 0, 'queue')} served again after {span(recovery)}
        </h3>
        <Link to="/events" search={{ id: event.id } as never}>
          <time dateTime={time}>{clock(Date.parse(time), Date.now()).slice(0, 10)}</time>
        </Link>
      </header>
      <div
        className="cost-bar"
        role="img"
        aria-label={`noticed after ${span(detection)}, recovered after ${span(recovery)}`}
      >
        <span className="noticing" style={{ width: `${noticed}%` }} />
        <span className="recovering" style={{ width: `${100 - noticed}%` }} />
      </div>
      <p className="row small muted">
        <span>noticed after {span(detection)}</span>
        <span>queues moved and read again {span(Math.max(0, recovery - detection))}</span>
        {epochs === undefined ? null : <span>{epochs}</span>}
        <span>{count(failover.clients ?? 0, 'client')} reconnected</span>
        <span>{redelivered < 0 ? 'repeated deliveries not counted' : `${whole(redelivered)} deliveries repeated`}</span>
      </p>
    </article>
  )
}
