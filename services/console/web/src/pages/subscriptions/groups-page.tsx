import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { GroupJson, ListGroupsResponseJson, WatchGroupsResponseJson } from '../../gen/tern/v1/subscriptions_pb.js'
import { count, millis, short, span } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { useStream } from '../../lib/use-stream.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { Page } from '../../parts/page.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { type LagSample, trendOf, withLag } from './lag.ts'
import { TrendText } from './trend-text.tsx'

/** How far each shared group is behind, in messages and in time, and where that goes. */
export function GroupsPage() {
  const [search, setSearch] = useSearchText()
  const navigate = useNavigate()
  const query = useCall<ListGroupsResponseJson>('SubscriptionService/ListGroups', { pageSize: 1_000 })
  const [live, setLive] = useState<WatchGroupsResponseJson>()
  const [lag, setLag] = useState<ReadonlyMap<string, readonly LagSample[]>>(new Map())
  useStream<WatchGroupsResponseJson>('SubscriptionService/WatchGroups', {}, (response) => {
    setLive(response)
    setLag((before) => withLag(before, response.groups ?? [], Date.now()))
  })
  return (
    <Page title="Groups" note="Shared subscriptions: each message to one member">
      <div className="filters">
        <FilterInput label="Name holds" value={search['q'] ?? ''} set={(q) => setSearch({ q })} grow />
      </div>
      <Answered query={query}>
        {(first) => {
          const { groups = [], unreachable } = live ?? first
          const shown = groups.filter(({ sharedFilter = '' }) => sharedFilter.includes(search['q'] ?? ''))
          return (
            <>
              <Partial missing={unreachable} />
              {shown.length === 0 ? (
                <Empty
                  title={groups.length === 0 ? 'There is no group yet' : 'No group has such a name'}
                  command="mosquitto_sub -p 1883 -t '$share/demo/demo/#' -v"
                />
              ) : (
                <DataTable
                  name="Groups"
                  rows={shown}
                  columns={columnsOf(lag)}
                  keyOf={({ sharedFilter = '' }) => sharedFilter}
                  open={({ sharedFilter = '' }) =>
                    void navigate({ to: '/groups/$filter', params: { filter: sharedFilter } as never })
                  }
                />
              )}
            </>
          )
        }}
      </Answered>
    </Page>
  )
}

const columnsOf = (lag: ReadonlyMap<string, readonly LagSample[]>): readonly Column<GroupJson>[] => [
  {
    title: 'Group',
    cell: ({ name, sharedFilter = '' }) => (
      <Link to="/groups/$filter" params={{ filter: sharedFilter } as never}>
        {name}
      </Link>
    ),
  },
  { title: 'Filter', cell: ({ topicFilter }) => <code className="breakable">{topicFilter}</code> },
  {
    title: 'Members',
    cell: ({ members = [] }) =>
      members.length === 0 ? <span className="tag bad">nobody</span> : count(members.length, 'member'),
  },
  { title: 'Behind', number: true, cell: ({ backlogMessages }) => short(Number(backlogMessages ?? 0)) },
  {
    title: 'In time',
    number: true,
    cell: ({ backlogAge }) => ((millis(backlogAge) ?? 0) === 0 ? 'up to date' : span(millis(backlogAge) ?? 0)),
  },
  { title: 'Trend', cell: ({ sharedFilter = '' }) => <TrendText trend={trendOf(lag.get(sharedFilter) ?? [])} /> },
  {
    title: 'Lag since this page was opened',
    cell: ({ sharedFilter = '', name }) => (
      <span className="spark-cell">
        <Sparkline values={(lag.get(sharedFilter) ?? []).map(({ backlog }) => backlog)} label={`Lag of ${name}`} />
      </span>
    ),
  },
  { title: 'Unsettled', number: true, cell: ({ unsettled }) => short(unsettled ?? 0) },
]
