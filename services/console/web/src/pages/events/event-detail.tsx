import { Link } from '@tanstack/react-router'
import type { ClusterEventJson } from '../../gen/tern/v1/cluster_pb.js'
import { count, spanOf, whole } from '../../lib/format.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Time } from '../../parts/time.tsx'

const aroundMs = 30_000

export function EventDetail({ event, close }: Readonly<{ event: ClusterEventJson; close(): void }>) {
  const { id, time = '', kind, text, member, failover, moves = [] } = event
  const at = Date.parse(time)
  const around = { from: new Date(at - aroundMs).toISOString(), to: new Date(at + aroundMs).toISOString() }
  return (
    <article className="card stack" aria-label={`Event ${id}`}>
      <div className="spread">
        <h2 className="breakable">{text}</h2>
        <div className="row">
          <CopyButton name="Copy link" text={location.href} />
          <CopyButton name="Copy as JSON" text={JSON.stringify(event, null, 2)} />
          <button type="button" className="button small" onClick={close}>
            Close
          </button>
        </div>
      </div>
      <div className="two">
        <dl className="pairs">
          <div>
            <dt>id</dt>
            <dd>
              <code>{id}</code>
            </dd>
          </div>
          <div>
            <dt>time</dt>
            <dd>
              <Time at={time} />
            </dd>
          </div>
          <div>
            <dt>kind</dt>
            <dd>{kind}</dd>
          </div>
          {member ? (
            <div>
              <dt>member</dt>
              <dd>{member}</dd>
            </div>
          ) : null}
        </dl>
        {failover === undefined ? null : (
          <dl className="pairs">
            <div>
              <dt>noticed after</dt>
              <dd>{spanOf(failover.detection) ?? 'not known'}</dd>
            </div>
            <div>
              <dt>served again after</dt>
              <dd>{spanOf(failover.recovery) ?? 'not known'}</dd>
            </div>
            <div>
              <dt>touched</dt>
              <dd>
                {count(failover.queues ?? 0, 'queue')}, {count(failover.clients ?? 0, 'client')}
              </dd>
            </div>
            <div>
              <dt>deliveries repeated</dt>
              <dd>{Number(failover.redelivered ?? -1) < 0 ? 'not counted' : whole(Number(failover.redelivered))}</dd>
            </div>
          </dl>
        )}
      </div>
      {moves.length === 0 ? null : (
        <ul className="chips" aria-label="Queues that moved">
          {moves.map(({ queue = 0, from, to, epochBefore, epochAfter }) => (
            <li key={queue} className="tag">
              queue {queue}: {from || 'nobody'} → {to || 'nobody'}, epoch {epochBefore} → {epochAfter}
            </li>
          ))}
        </ul>
      )}
      <p>
        <Link to="/messages" search={around as never}>
          Messages around this moment
        </Link>
      </p>
    </article>
  )
}
