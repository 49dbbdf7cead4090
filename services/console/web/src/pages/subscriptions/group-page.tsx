import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type {
  GetGroupResponseJson,
  GroupJson,
  GroupMemberJson,
  GroupQueueJson,
} from '../../gen/tern/v1/subscriptions_pb.js'
import { count, millis, short, span, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { ZoneName } from '../../parts/zone.tsx'
import { type LagSample, trendOf, withLag } from './lag.ts'
import { ResetPosition } from './reset-position.tsx'
import { TrendText } from './trend-text.tsx'

export function GroupPage() {
  const { filter = '' } = useParams({ strict: false }) as { filter?: string }
  const query = useCall<GetGroupResponseJson>(
    'SubscriptionService/GetGroup',
    { sharedFilter: filter },
    { every: 1_000 },
  )
  const [lag, setLag] = useState<ReadonlyMap<string, readonly LagSample[]>>(new Map())
  const { data, dataUpdatedAt } = query
  useEffect(() => {
    if (data?.group !== undefined) setLag((before) => withLag(before, [data.group ?? {}], dataUpdatedAt))
  }, [data, dataUpdatedAt])
  return (
    <Page
      title={<span className="mono">{filter}</span>}
      name={filter}
      note="A shared group"
      actions={<ResetPosition sharedFilter={filter} />}
    >
      <Answered query={query}>
        {({ group = {} }) => <GroupView group={group} samples={lag.get(filter) ?? []} />}
      </Answered>
    </Page>
  )
}

function GroupView({ group, samples }: Readonly<{ group: GroupJson; samples: readonly LagSample[] }>) {
  const { members = [], queues = [], backlogMessages, backlogAge, unsettled = 0, topicFilter, emptySince } = group
  const behind = Number(backlogMessages ?? 0)
  const delivered = members.reduce((sum, member) => sum + Number(member.delivered ?? 0), 0)
  return (
    <>
      <dl className="facts card">
        <div>
          <dt>behind</dt>
          <dd>{behind === 0 ? 'nothing' : count(behind, 'message')}</dd>
        </div>
        <div>
          <dt>in time</dt>
          <dd>{(millis(backlogAge) ?? 0) === 0 ? 'up to date' : span(millis(backlogAge) ?? 0)}</dd>
        </div>
        <div>
          <dt>trend</dt>
          <dd>
            <TrendText trend={trendOf(samples)} />
          </dd>
        </div>
        <div>
          <dt>unsettled</dt>
          <dd>{whole(unsettled)}</dd>
        </div>
        <div>
          <dt>filter</dt>
          <dd>
            <Link to="/messages" search={{ topic: topicFilter } as never} className="mono">
              {topicFilter}
            </Link>
          </dd>
        </div>
      </dl>
      <h2>Members</h2>
      {members.length === 0 ? (
        <Empty title="Nobody is in the group: its messages wait">
          {emptySince === undefined ? null : (
            <p>
              empty since <Time at={emptySince} />
            </p>
          )}
        </Empty>
      ) : (
        <DataTable
          name="Members"
          rows={members}
          columns={memberColumns(delivered)}
          keyOf={({ clientId, proxy }) => `${clientId}${proxy}`}
        />
      )}
      <h2>Queues</h2>
      <DataTable
        name="Queues of the group"
        rows={queues}
        columns={queueColumns}
        keyOf={({ queue }) => String(queue ?? 0)}
      />
    </>
  )
}

const memberColumns = (delivered: number): readonly Column<GroupMemberJson>[] => [
  {
    title: 'Client',
    cell: ({ clientId = '' }) => (
      <Link to="/clients/$clientId" params={{ clientId } as never} className="mono breakable">
        {clientId}
      </Link>
    ),
  },
  { title: 'Zone', cell: ({ zone }) => <ZoneName zone={zone} /> },
  { title: 'Proxy', cell: ({ proxy }) => proxy },
  { title: 'Unsettled', number: true, cell: ({ unsettled }) => whole(unsettled ?? 0) },
  { title: 'Delivered', number: true, cell: (member) => short(Number(member.delivered ?? 0)) },
  {
    title: 'Share',
    cell: (member) => {
      const share = delivered === 0 ? 0 : Math.round((100 * Number(member.delivered ?? 0)) / delivered)
      return (
        <span className="row nowrap">
          <span className="bar" style={{ width: share }} />
          {share} %
        </span>
      )
    },
  },
]

const lagOf = ({ position, end }: GroupQueueJson) => Math.max(0, Number(end ?? 0) - Number(position ?? 0))

const queueColumns: readonly Column<GroupQueueJson>[] = [
  { title: 'Queue', number: true, cell: ({ queue }) => queue ?? 0 },
  { title: 'Zone', cell: ({ zone }) => <ZoneName zone={zone} /> },
  { title: 'Owner', cell: ({ owner }) => owner || <span className="tag bad">nobody</span> },
  { title: 'Settled to', number: true, cell: ({ position }) => whole(Number(position ?? 0)) },
  { title: 'End', number: true, cell: ({ end }) => whole(Number(end ?? 0)) },
  { title: 'Behind', number: true, cell: (queue) => whole(lagOf(queue)) },
  { title: 'Unsettled', number: true, cell: ({ unsettled }) => whole(unsettled ?? 0) },
]
