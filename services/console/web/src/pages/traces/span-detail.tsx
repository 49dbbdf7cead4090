import { Link } from '@tanstack/react-router'
import type { SpanJson } from '../../gen/tern/v1/traces_pb.js'
import { span as spanText } from '../../lib/format.ts'
import { visible } from '../../lib/payload.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { ZoneName } from '../../parts/zone.tsx'

/** All that is known of one span. */
export function SpanDetail({ span, close }: Readonly<{ span: SpanJson; close(): void }>) {
  const { name, service, kind, status, statusMessage, attributes = {}, events = [], zone, startUnixNano } = span
  const client = attributes['messaging.client.id'] ?? ''
  return (
    <section className="span-detail stack" aria-label={`Span ${name}`}>
      <div className="spread">
        <h2 className="breakable">{name}</h2>
        <div className="row">
          {client === '' ? null : (
            <Link className="button small" to="/clients/$clientId" params={{ clientId: client } as never}>
              Client {client}
            </Link>
          )}
          <CopyButton name="Copy as JSON" text={JSON.stringify(span, null, 2)} />
          <button type="button" className="button small" onClick={close}>
            Close
          </button>
        </div>
      </div>
      <div className="two">
        <dl className="pairs">
          <div>
            <dt>service</dt>
            <dd>
              {service} <ZoneName zone={zone} />
            </dd>
          </div>
          <div>
            <dt>took</dt>
            <dd>{spanText(Number(span.durationNano ?? 0) / 1e6)}</dd>
          </div>
          <div>
            <dt>kind</dt>
            <dd>{kind}</dd>
          </div>
          <div>
            <dt>status</dt>
            <dd>
              {status || 'unset'} {statusMessage}
            </dd>
          </div>
          {events.map((event) => (
            <div key={`${event.timeUnixNano}${event.name}`}>
              <dt>{event.name}</dt>
              <dd>after {spanText(Number(BigInt(event.timeUnixNano ?? '0') - BigInt(startUnixNano ?? '0')) / 1e6)}</dd>
            </div>
          ))}
        </dl>
        <dl className="pairs mono">
          {Object.entries(attributes).map(([key, value]) => (
            <div key={key}>
              <dt className="breakable">{visible(key)}</dt>
              <dd>{visible(value)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  )
}
