import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { SearchTracesResponseJson, TraceSummaryJson } from '../../gen/tern/v1/traces_pb.js'
import { count, span, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { momentOf } from '../messages/query-request.ts'
import { traceQueryOf } from './trace-query.ts'

const timeOf = ({ startUnixNano }: TraceSummaryJson) =>
  new Date(Number(BigInt(startUnixNano ?? '0') / 1_000_000n)).toISOString()

/** Traces of messages, by what they were and how they went. */
export function TracesPage() {
  const [search, setSearch] = useSearchText()
  const navigate = useNavigate()
  const query = traceQueryOf(search)
  const { from, to } = search
  const range = useMemo(() => {
    const [start, end] = [momentOf(from || '1 h', Date.now()), momentOf(to, Date.now())]
    return { ...(start === undefined ? {} : { startTime: start }), ...(end === undefined ? {} : { endTime: end }) }
  }, [from, to])
  const found = useCall<SearchTracesResponseJson>('TraceService/SearchTraces', { query, limit: 100, ...range })
  const open = ({ messageId = '', traceId = '' }: TraceSummaryJson) =>
    void navigate(
      messageId === ''
        ? { to: '/traces/$traceId', params: { traceId } as never }
        : { to: '/messages/$messageId/trace', params: { messageId } as never },
    )
  return (
    <Page title="Traces" note="Every message has one, rendered from the log and the delivery ledger when it is read">
      <div className="filters">
        <FilterInput label="Topic" value={search['topic'] ?? ''} set={(topic) => setSearch({ topic })} grow />
        <FilterInput label="Client id" value={search['client'] ?? ''} set={(client) => setSearch({ client })} />
        <FilterInput
          label="Longer than"
          value={search['longer'] ?? ''}
          set={(longer) => setSearch({ longer })}
          placeholder="50ms"
        />
        <FilterInput label="From" value={from ?? ''} set={(value) => setSearch({ from: value })} placeholder="1 h" />
        <FilterInput label="To" value={to ?? ''} set={(value) => setSearch({ to: value })} placeholder="now" />
        <button
          type="button"
          className="button"
          aria-pressed={search['error'] === '1'}
          onClick={() => setSearch({ error: search['error'] === '1' ? '' : '1' })}
        >
          Failed only
        </button>
        <FilterInput
          label="or TraceQL"
          value={search['traceql'] ?? ''}
          set={(traceql) => setSearch({ traceql })}
          placeholder={query}
          grow
        />
      </div>
      <Answered query={found}>
        {({ traces = [], inspected }) => (
          <>
            <p className="muted" role="status">
              {count(traces.length, 'trace')}, newest first; {whole(Number(inspected ?? 0))} were looked at for{' '}
              <code>{query}</code>
            </p>
            {traces.length === 0 ? (
              <Empty title="No trace of that time matches" command="./tern pub demo/hello -m hi" />
            ) : (
              <DataTable
                name="Traces"
                rows={traces}
                columns={columnsOf(Math.max(...traces.map(({ durationNano }) => Number(durationNano ?? 0))))}
                keyOf={({ traceId = '' }) => traceId}
                open={open}
              />
            )}
          </>
        )}
      </Answered>
    </Page>
  )
}

const barWidth = 120

const columnsOf = (longest: number): readonly Column<TraceSummaryJson>[] => [
  { title: 'Time', cell: (trace) => <Time at={timeOf(trace)} /> },
  {
    title: 'Trace',
    cell: ({ traceId = '', messageId = '' }) =>
      messageId === '' ? (
        <Link to="/traces/$traceId" params={{ traceId } as never} className="mono">
          {traceId.slice(0, 12)}…
        </Link>
      ) : (
        <Link to="/messages/$messageId/trace" params={{ messageId } as never} className="mono">
          {messageId}
        </Link>
      ),
  },
  { title: 'What', cell: ({ topic, rootName }) => <span className="breakable">{topic || rootName}</span> },
  {
    title: 'Publisher',
    cell: ({ publisherClientId, rootService }) => <span className="breakable">{publisherClientId || rootService}</span>,
  },
  {
    title: 'State',
    cell: ({ error }) => (error ? <span className="tag bad">✕ failed</span> : <span className="tag ok">● well</span>),
  },
  {
    title: 'Took',
    cell: ({ durationNano, error }) => {
      const nanos = Number(durationNano ?? 0)
      return (
        <span className="row nowrap">
          <span
            className={error ? 'bar failed' : 'bar'}
            style={{ width: longest === 0 ? 0 : (barWidth * nanos) / longest }}
          />
          {span(nanos / 1e6)}
        </span>
      )
    },
  },
]
