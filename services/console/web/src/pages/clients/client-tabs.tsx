import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type {
  ClientSubscriptionJson,
  InflightJson,
  ListInflightResponseJson,
  ListQueuedResponseJson,
  WillJson,
} from '../../gen/tern/v1/clients_pb.js'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import type { QueryMessagesResponseJson } from '../../gen/tern/v1/messaging_pb.js'
import { count, spanOf } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { usePages } from '../../lib/use-pages.ts'
import { qosOf } from '../../lib/words.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { More } from '../../parts/more.tsx'
import { Payload } from '../../parts/payload.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { messageColumns } from '../messages/message-columns.tsx'

const subscriptionColumns: readonly Column<ClientSubscriptionJson>[] = [
  { title: 'Filter', cell: ({ topicFilter }) => <code className="breakable">{topicFilter}</code> },
  { title: 'QoS', number: true, cell: ({ qos }) => qosOf(qos) },
  { title: 'Id', number: true, cell: ({ identifier }) => identifier || '–' },
  { title: 'No local', cell: ({ noLocal }) => (noLocal ? 'yes' : 'no') },
  { title: 'Retain as published', cell: ({ retainAsPublished }) => (retainAsPublished ? 'yes' : 'no') },
  { title: 'Retain handling', number: true, cell: ({ retainHandling }) => retainHandling ?? 0 },
]

export function SubscriptionsTab({ subscriptions }: Readonly<{ subscriptions: readonly ClientSubscriptionJson[] }>) {
  if (subscriptions.length === 0) return <Empty title="It has subscribed to nothing" />
  return (
    <DataTable
      name="Subscriptions"
      rows={subscriptions}
      columns={subscriptionColumns}
      keyOf={({ topicFilter = '' }) => topicFilter}
    />
  )
}

const inflightColumns: readonly Column<InflightJson>[] = [
  { title: 'Packet id', number: true, cell: ({ packetId }) => packetId ?? 0 },
  { title: 'Message', cell: ({ messageId = '' }) => <MessageLink id={messageId} /> },
  { title: 'QoS', number: true, cell: ({ qos }) => qosOf(qos) },
  { title: 'State', cell: ({ state }) => state },
  { title: 'Written', cell: ({ writtenAt }) => <Time at={writtenAt} /> },
  { title: 'Attempts', number: true, cell: ({ attempts }) => attempts ?? 0 },
]

export const MessageLink = ({ id }: Readonly<{ id: string }>) => (
  <Link to="/messages/$messageId" params={{ messageId: id } as never} className="mono">
    {id}
  </Link>
)

export function InflightTab({ clientId }: Readonly<{ clientId: string }>) {
  const query = useCall<ListInflightResponseJson>('ClientService/ListInflight', { clientId }, { every: 1_000 })
  return (
    <Answered query={query}>
      {({ inflight = [] }) =>
        inflight.length === 0 ? (
          <Empty title="Nothing is in flight: all that was written to it is acknowledged" />
        ) : (
          <DataTable
            name="In flight"
            rows={inflight}
            columns={inflightColumns}
            keyOf={({ packetId, messageId }) => `${packetId}${messageId}`}
          />
        )
      }
    </Answered>
  )
}

export function QueueTab({ clientId }: Readonly<{ clientId: string }>) {
  const list = usePages(
    'ClientService/ListQueued',
    { clientId, pageSize: 50 },
    ({ messages }: ListQueuedResponseJson) => messages,
  )
  return (
    <Answered query={list.query}>
      {() => (
        <MessageRows rows={list.rows} empty="Nothing waits for it">
          <More
            more={list.more}
            busy={list.busy}
            load={list.load}
            shown={`the next ${count(list.rows.length, 'message')}, read from the log at its cursor`}
          />
        </MessageRows>
      )}
    </Answered>
  )
}

/** What it published, newest first. */
export function MessagesTab({ clientId }: Readonly<{ clientId: string }>) {
  const request = { publisherClientId: clientId, newestFirst: true, payloadPreviewBytes: 200, pageSize: 50 }
  const list = usePages(
    'MessagingService/QueryMessages',
    request,
    ({ messages }: QueryMessagesResponseJson) => messages,
  )
  return (
    <Answered query={list.query}>
      {() => (
        <>
          <Partial missing={list.last?.unreachableQueues} />
          <MessageRows rows={list.rows} empty="Of what was looked through, it published nothing">
            <More
              more={list.more}
              busy={list.busy}
              load={list.load}
              shown={`${count(list.rows.length, 'message')} published by it`}
            />
          </MessageRows>
        </>
      )}
    </Answered>
  )
}

type RowsProps = Readonly<{ rows: readonly MessageJson[]; empty: string; children: ReactNode }>

function MessageRows({ rows, empty, children }: RowsProps) {
  return rows.length === 0 ? (
    <Empty title={empty}>{children}</Empty>
  ) : (
    <DataTable
      name="Messages"
      rows={rows}
      columns={messageColumns}
      keyOf={({ messageId = '' }) => messageId}
      foot={children}
    />
  )
}

export function WillTab({ will }: Readonly<{ will: WillJson | undefined }>) {
  if (will?.message === undefined) return <Empty title="It has left no will" />
  const { topic, qos, retain, payload } = will.message
  return (
    <section className="card stack">
      <p>
        Published to <code className="breakable">{topic}</code> at QoS {qosOf(qos)}
        {retain ? ', retained,' : ''} {spanOf(will.delay) ?? 'at once'} after the connection is lost.
      </p>
      <Payload base64={payload} />
    </section>
  )
}
