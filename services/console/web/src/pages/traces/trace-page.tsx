import { Link, useParams } from '@tanstack/react-router'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import type { GetMessageTraceResponseJson, GetTraceResponseJson, TraceJson } from '../../gen/tern/v1/traces_pb.js'
import { count, span, spanOf, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty } from '../../parts/states.tsx'
import { WhyForm } from '../messages/why-form.tsx'
import { durationOf } from './layout.ts'
import { Waterfall } from './waterfall.tsx'

/** By the message, or by the trace id that came with it. */
export function MessageTracePage() {
  const { messageId = '' } = useParams({ strict: false }) as { messageId?: string }
  const query = useCall<GetMessageTraceResponseJson>('TraceService/GetMessageTrace', { messageId }, { every: 3_000 })
  return (
    <Page
      title={<span className="mono">{messageId}</span>}
      name={`Trace of ${messageId}`}
      note="What became of this message"
    >
      <Answered query={query}>{({ trace = {}, message }) => <TraceView trace={trace} message={message} />}</Answered>
      <WhyForm messageId={messageId} />
    </Page>
  )
}

export function TracePage() {
  const { traceId = '' } = useParams({ strict: false }) as { traceId?: string }
  const query = useCall<GetTraceResponseJson>('TraceService/GetTrace', { traceId })
  const messageId = query.data?.trace?.messageId ?? ''
  return (
    <Page title={<span className="mono breakable">{traceId}</span>} name={`Trace ${traceId}`} note="A trace">
      <Answered query={query}>{({ trace = {} }) => <TraceView trace={trace} message={undefined} />}</Answered>
      {messageId === '' ? null : <WhyForm messageId={messageId} />}
    </Page>
  )
}

function TraceView({ trace, message }: Readonly<{ trace: TraceJson; message: MessageJson | undefined }>) {
  const { spans = [], deliveries, messageId = '', traceId = '', incomplete = false } = trace
  if (spans.length === 0) {
    return <Empty title="Nothing is known of it: it is no trace of this region, or older than 72 hours" />
  }
  const zones = [...new Set(spans.flatMap(({ zone }) => (zone ? [zone] : [])))]
  return (
    <>
      <div className="spread">
        <p className="row">
          <strong className="total">{span(durationOf(trace))}</strong>
          <span className="breakable">{message?.topic ?? spans[0]?.name}</span>
          <span className="muted">
            {count(spans.length, 'span')} in {zones.join(' → ')}
          </span>
        </p>
        <div className="row">
          {messageId === '' ? null : (
            <Link className="button" to="/messages/$messageId" params={{ messageId } as never}>
              Message
            </Link>
          )}
          <CopyButton name="Copy trace id" text={traceId} />
          <CopyButton name="Copy as JSON" text={JSON.stringify(trace, null, 2)} />
        </div>
      </div>
      {incomplete ? (
        <p className="note warn" role="status">
          <strong>Deliveries may be missing:</strong> the ledger lost entries of that time.
        </p>
      ) : null}
      {deliveries === undefined || Number(deliveries.total ?? 0) === 0 ? null : (
        <dl className="facts card">
          {(
            [
              ['deliveries', whole(Number(deliveries.total ?? 0))],
              ['acknowledged', whole(Number(deliveries.acked ?? 0))],
              ['pending', whole(Number(deliveries.pending ?? 0))],
              ['failed', whole(Number(deliveries.failed ?? 0))],
              ['p50', spanOf(deliveries.p50)],
              ['p99', spanOf(deliveries.p99)],
            ] as const
          ).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value ?? '–'}</dd>
            </div>
          ))}
        </dl>
      )}
      <Waterfall trace={trace} />
      {Number(trace.folded ?? 0) === 0 ? null : (
        <p className="muted">
          {whole(Number(trace.folded))} more deliveries are not drawn; failed and slow ones come first.
        </p>
      )}
    </>
  )
}
