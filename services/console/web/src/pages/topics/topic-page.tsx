import { Link, useParams } from '@tanstack/react-router'
import type { MatchTopicResponseJson } from '../../gen/tern/v1/subscriptions_pb.js'
import type { GetTopicResponseJson } from '../../gen/tern/v1/topics_pb.js'
import { bytes, count, short, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Page } from '../../parts/page.tsx'
import { Payload } from '../../parts/payload.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { ZoneName } from '../../parts/zone.tsx'
import { subscriptionColumns } from '../subscriptions/subscription-columns.tsx'

export function TopicPage() {
  const { topic = '' } = useParams({ strict: false }) as { topic?: string }
  const query = useCall<GetTopicResponseJson>('TopicService/GetTopic', { topic }, { every: 2_000 })
  const matching = useCall<MatchTopicResponseJson>(
    'SubscriptionService/MatchTopic',
    { topic, pageSize: 100 },
    { every: 5_000 },
  )
  return (
    <Page
      title={<span className="mono">{topic}</span>}
      name={topic}
      actions={
        <>
          <Link className="button" to="/messages" search={{ topic } as never}>
            Messages
          </Link>
          <Link className="button" to="/messages" search={{ topic, view: 'live' } as never}>
            Live tail
          </Link>
          <CopyButton name="Copy topic" text={topic} />
        </>
      }
    >
      <Answered query={query}>{(answer) => <Facts answer={answer} />}</Answered>
      <h2>Who receives it</h2>
      <Answered query={matching}>
        {({ subscriptions = [], totalSize, unreachable }) => (
          <>
            <Partial missing={unreachable} />
            {subscriptions.length === 0 ? (
              <Empty
                title="No session and no group has a filter that matches"
                command={`./tern sub '${topic.replaceAll("'", "'\\''")}'`}
              />
            ) : (
              <DataTable
                name="Who receives it"
                rows={subscriptions}
                columns={subscriptionColumns}
                keyOf={({ clientId, topicFilter, group }) => `${clientId} ${group} ${topicFilter}`}
                foot={
                  <p className="more muted small">
                    {whole(subscriptions.length)} of {count(Number(totalSize ?? subscriptions.length), 'subscription')}{' '}
                    that match
                  </p>
                }
              />
            )}
          </>
        )}
      </Answered>
    </Page>
  )
}

function Facts({
  answer: { topic = {}, queue = 0, owner, zone, lastMessage, retained },
}: Readonly<{ answer: GetTopicResponseJson }>) {
  return (
    <>
      <dl className="facts card">
        <div>
          <dt>messages</dt>
          <dd>{short(Number(topic.messagesPerSecond ?? 0))}/s</dd>
        </div>
        <div>
          <dt>bytes</dt>
          <dd>{bytes(Number(topic.bytesPerSecond ?? 0))}/s</dd>
        </div>
        <div>
          <dt>counted</dt>
          <dd>{whole(Number(topic.messages ?? 0))}</dd>
        </div>
        <div>
          <dt>queue</dt>
          <dd>
            <Link to="/queues" search={{ q: String(queue) } as never}>
              {queue} of {owner || 'nobody'}
            </Link>
          </dd>
        </div>
        <div>
          <dt>zone</dt>
          <dd>
            <ZoneName zone={zone} />
          </dd>
        </div>
        <div>
          <dt>last published</dt>
          <dd>
            <Time at={topic.lastPublish} />
          </dd>
        </div>
      </dl>
      <div className="two">
        {[['Last message', lastMessage] as const, ['Retained message', retained] as const].map(([title, message]) => (
          <section className="card stack" key={title}>
            <div className="spread">
              <h2>{title}</h2>
              {message?.messageId ? (
                <Link to="/messages/$messageId" params={{ messageId: message.messageId } as never} className="mono">
                  {message.messageId}
                </Link>
              ) : null}
            </div>
            {message === undefined ? <p className="muted">None.</p> : <Payload base64={message.payload} />}
          </section>
        ))}
      </div>
    </>
  )
}
