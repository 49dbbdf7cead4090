import type { ListSubscriptionsResponseJson, MatchTopicResponseJson } from '../../gen/tern/v1/subscriptions_pb.js'
import { clausesOf, prefix } from '../../lib/clauses.ts'
import { count, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { usePages } from '../../lib/use-pages.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { More } from '../../parts/more.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { subscriptionColumns } from './subscription-columns.tsx'

/** All of them, or those that would receive a topic. */
export function SubscriptionsPage() {
  const [search, setSearch] = useSearchText()
  const topic = search['would'] ?? ''
  return (
    <Page title="Subscriptions" note="Who gets what">
      <div className="filters">
        <FilterInput
          label="Who would receive this topic?"
          value={topic}
          set={(would) => setSearch({ would })}
          placeholder="fleet/car/17/cmd"
          grow
        />
        {topic === '' ? (
          <>
            <FilterInput label="Client id begins with" value={search['q'] ?? ''} set={(q) => setSearch({ q })} />
            <FilterInput
              label="Filter begins with"
              value={search['filter'] ?? ''}
              set={(filter) => setSearch({ filter })}
            />
            <FilterInput label="Group" value={search['group'] ?? ''} set={(group) => setSearch({ group })} />
          </>
        ) : null}
      </div>
      {topic === '' ? <All search={search} /> : <Matching topic={topic} />}
    </Page>
  )
}

function All({ search }: Readonly<{ search: Readonly<Record<string, string>> }>) {
  const filter = clausesOf({
    client_id: prefix(search['q']),
    topic_filter: prefix(search['filter']),
    group: search['group'],
  })
  const list = usePages(
    'SubscriptionService/ListSubscriptions',
    { filter, pageSize: 200 },
    ({ subscriptions }: ListSubscriptionsResponseJson) => subscriptions,
  )
  return (
    <Answered query={list.query}>
      {() => (
        <>
          <Partial missing={list.last?.unreachable} />
          {list.rows.length === 0 ? (
            <Empty
              title={filter === '' ? 'Nobody has subscribed yet' : 'No subscription matches'}
              command="./tern sub 'demo/#'"
            />
          ) : (
            <DataTable
              name="Subscriptions"
              rows={list.rows}
              columns={subscriptionColumns}
              keyOf={({ clientId, group, topicFilter }) => `${clientId} ${group} ${topicFilter}`}
              foot={
                <More
                  more={list.more}
                  busy={list.busy}
                  load={list.load}
                  shown={`${count(list.rows.length, 'subscription')} shown, by client id`}
                />
              }
            />
          )}
        </>
      )}
    </Answered>
  )
}

function Matching({ topic }: Readonly<{ topic: string }>) {
  const query = useCall<MatchTopicResponseJson>('SubscriptionService/MatchTopic', { topic, pageSize: 500 })
  return (
    <Answered query={query}>
      {({ subscriptions = [], totalSize, unreachable }) => (
        <>
          <Partial missing={unreachable} />
          <p role="status">
            <strong>{whole(Number(totalSize ?? 0))}</strong> would receive a message of{' '}
            <code className="breakable">{topic}</code>
            {Number(totalSize ?? 0) > subscriptions.length ? `; ${whole(subscriptions.length)} are shown` : ''}.
          </p>
          {subscriptions.length === 0 ? null : (
            <DataTable
              name="Would receive it"
              rows={subscriptions}
              columns={subscriptionColumns}
              keyOf={({ clientId, group, topicFilter }) => `${clientId} ${group} ${topicFilter}`}
            />
          )}
        </>
      )}
    </Answered>
  )
}
