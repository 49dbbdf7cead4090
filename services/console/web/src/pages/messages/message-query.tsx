import { useMemo } from 'react'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import type { QueryMessagesResponseJson } from '../../gen/tern/v1/messaging_pb.js'
import { clock, count, whole } from '../../lib/format.ts'
import { usePages } from '../../lib/use-pages.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { messageColumns } from './message-columns.tsx'
import { type MessageSearch, queryRequestOf } from './query-request.ts'

type QueryProps = Readonly<{
  search: MessageSearch
  setSearch: (change: Record<string, string>) => void
  open(message: MessageJson): void
  selection: Readonly<{ keys: ReadonlySet<string>; set(keys: ReadonlySet<string>): void }>
}>

/** A bounded look: it says how far it came, and goes on when asked. */
export function MessageQuery({ search, open, selection }: QueryProps) {
  const { topic, publisher, property, contains, from, to, order } = search
  const asked = JSON.stringify({ topic, publisher, property, contains, from, to, order })
  const request = useMemo(() => queryRequestOf(JSON.parse(asked) as MessageSearch, Date.now()), [asked])
  const list = usePages(
    'MessagingService/QueryMessages',
    request,
    ({ messages }: QueryMessagesResponseJson) => messages,
  )
  const pages = (list.query.data?.pages ?? []) as readonly QueryMessagesResponseJson[]
  const scanned = pages.reduce((sum, page) => sum + Number(page.scannedMessages ?? 0), 0)
  const { rangeMessages, scannedTo, unreachableQueues } = list.last ?? {}
  const goOn = list.more ? (
    <button type="button" className="button small" disabled={list.busy} onClick={list.load}>
      {list.busy ? 'Looking …' : 'Go on'}
    </button>
  ) : null
  return (
    <Answered query={list.query}>
      {() => (
        <>
          <Partial missing={unreachableQueues} />
          <p className="row" role="status">
            <span>
              Looked through {whole(scanned)} of about {whole(Number(rangeMessages ?? 0))} messages
              {scannedTo === undefined || !list.more ? '' : `, to ${clock(Date.parse(scannedTo), Date.now())}`};{' '}
              {count(list.rows.length, 'message')} found.
            </span>
            {goOn}
          </p>
          {list.rows.length === 0 ? (
            <Empty
              title={list.more ? 'None found yet' : 'No stored message matches'}
              command="./tern pub demo/hello -m hi"
            />
          ) : (
            <DataTable
              name="Messages"
              rows={list.rows}
              columns={messageColumns}
              keyOf={({ messageId = '' }) => messageId}
              open={open}
              opened={search['message']}
              selection={selection}
            />
          )}
        </>
      )}
    </Answered>
  )
}
