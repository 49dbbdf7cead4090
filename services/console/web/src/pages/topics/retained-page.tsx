import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import type { DeleteRetainedResponseJson, ListRetainedResponseJson } from '../../gen/tern/v1/retained_pb.js'
import { call } from '../../lib/api.ts'
import { bytes, count } from '../../lib/format.ts'
import { bytesOf, firstLine } from '../../lib/payload.ts'
import { usePages } from '../../lib/use-pages.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { More } from '../../parts/more.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { SetRetained } from './set-retained.tsx'

const columns: readonly Column<MessageJson>[] = [
  {
    title: 'Topic',
    cell: ({ topic = '' }) => (
      <Link to="/topics/$topic" params={{ topic } as never} className="mono breakable">
        {topic}
      </Link>
    ),
  },
  { title: 'Stored', cell: ({ publishTime }) => <Time at={publishTime} /> },
  { title: 'Publisher', cell: ({ publisherClientId }) => <span className="breakable">{publisherClientId}</span> },
  { title: 'Size', number: true, cell: ({ payloadSize }) => bytes(Number(payloadSize ?? 0)) },
  { title: 'Payload', cell: ({ payload }) => <code className="cut line">{firstLine(bytesOf(payload))}</code> },
]

export function RetainedPage() {
  const [search, setSearch] = useSearchText()
  const topicFilter = search['topic'] ?? ''
  const list = usePages(
    'RetainedService/ListRetained',
    { topicFilter, payloadPreviewBytes: 200, pageSize: 200 },
    ({ messages }: ListRetainedResponseJson) => messages,
  )
  return (
    <Page
      title="Retained"
      note="The last retained message of each topic"
      actions={<Actions topicFilter={topicFilter} />}
    >
      <div className="filters">
        <FilterInput
          label="Topic filter"
          value={topicFilter}
          set={(topic) => setSearch({ topic })}
          placeholder="fleet/+/state"
          grow
        />
      </div>
      <Answered query={list.query}>
        {() => (
          <>
            <Partial missing={list.last?.unreachableQueues} />
            {list.rows.length === 0 ? (
              <Empty
                title={topicFilter === '' ? 'No topic holds a retained message' : 'No topic of the filter holds one'}
                command="./tern retained set demo/state -m on"
              />
            ) : (
              <DataTable
                name="Retained messages"
                rows={list.rows}
                columns={columns}
                keyOf={({ topic = '' }) => topic}
                foot={
                  <More
                    more={list.more}
                    busy={list.busy}
                    load={list.load}
                    shown={`${count(list.rows.length, 'topic')} shown, in the byte order of topics`}
                  />
                }
              />
            )}
          </>
        )}
      </Answered>
    </Page>
  )
}

function Actions({ topicFilter }: Readonly<{ topicFilter: string }>) {
  const [act, setAct] = useState<'set' | 'clear'>()
  const [planned, setPlanned] = useState<number>()
  const queries = useQueryClient()
  const close = () => setAct(undefined)
  const changed = () => void queries.invalidateQueries({ queryKey: ['RetainedService/ListRetained'] })
  const clear = () => {
    setAct('clear')
    setPlanned(undefined)
    void call<DeleteRetainedResponseJson>('RetainedService/DeleteRetained', { topicFilter, validateOnly: true }).then(
      ({ deleted = 0 }) => setPlanned(deleted),
      () => {},
    )
  }
  return (
    <>
      <button type="button" className="button" onClick={() => setAct('set')}>
        Set one
      </button>
      {topicFilter === '' ? null : (
        <button type="button" className="button danger" onClick={clear}>
          Clear all of this filter
        </button>
      )}
      {act === 'set' ? (
        <SetRetained topic={/[+#]/.test(topicFilter) ? '' : topicFilter} close={close} done={changed} />
      ) : null}
      {act === 'clear' ? (
        <Confirm
          title="Clear retained messages"
          act="Clear"
          run={() => call('RetainedService/DeleteRetained', { topicFilter }).then(changed)}
          close={close}
        >
          <p>
            {planned === undefined ? 'All' : count(planned, 'retained message')} of <code>{topicFilter}</code> are
            cleared by empty retained messages, which subscribers of now see too.
          </p>
        </Confirm>
      ) : null}
    </>
  )
}
