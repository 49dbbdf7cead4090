import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ClientJson, ListClientsResponseJson } from '../../gen/tern/v1/clients_pb.js'
import { clausesOf, prefix } from '../../lib/clauses.ts'
import { short, whole } from '../../lib/format.ts'
import { usePages } from '../../lib/use-pages.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { useTopology } from '../../lib/use-topology.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { More } from '../../parts/more.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { ZoneName } from '../../parts/zone.tsx'
import { DisconnectButton } from './disconnect-button.tsx'
import { StateTag } from './state-tag.tsx'

const columns: readonly Column<ClientJson>[] = [
  {
    title: 'Client',
    cell: ({ clientId = '' }) => (
      <Link to="/clients/$clientId" params={{ clientId } as never} className="mono breakable">
        {clientId}
      </Link>
    ),
  },
  { title: 'State', cell: (client) => <StateTag client={client} /> },
  { title: 'Zone', cell: ({ zone }) => <ZoneName zone={zone} /> },
  { title: 'Proxy', cell: ({ proxy }) => proxy },
  { title: 'Protocol', cell: ({ protocol }) => <span className="nowrap">{protocol}</span> },
  { title: 'Address', cell: ({ address }) => <span className="mono small">{address}</span> },
  {
    title: 'Connected',
    order: 'connected_at desc',
    cell: ({ connectedAt }) => <Time at={connectedAt} relative={false} />,
  },
  { title: 'Subscriptions', number: true, cell: ({ subscriptions }) => whole(subscriptions ?? 0) },
  {
    title: 'In flight',
    number: true,
    order: 'inflight desc',
    cell: ({ inflight, receiveMaximum }) => `${inflight ?? 0} of ${receiveMaximum || '∞'}`,
  },
  { title: 'Published', number: true, order: 'published desc', cell: ({ published }) => short(Number(published ?? 0)) },
  { title: 'Delivered', number: true, order: 'delivered desc', cell: ({ delivered }) => short(Number(delivered ?? 0)) },
  {
    title: 'Dropped',
    number: true,
    order: 'dropped desc',
    cell: ({ dropped }) => <Dropped count={Number(dropped ?? 0)} />,
  },
  { title: 'Last reason', cell: ({ lastReason }) => <span className="muted">{lastReason}</span> },
]

const Dropped = ({ count }: Readonly<{ count: number }>) =>
  count === 0 ? <span className="muted">0</span> : <span className="tag bad">{short(count)}</span>

const pageSize = 200
/** Of an order other than by client id the API knows the greatest ones only. */
const topCount = 1_000

export function ClientsPage() {
  const [search, setSearch] = useSearchText()
  const navigate = useNavigate()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const others = search['has'] === 'dropped' ? ['dropped > 0'] : search['has'] === 'inflight' ? ['inflight > 0'] : []
  const filter = clausesOf({ client_id: prefix(search['q']), state: search['state'], zone: search['zone'] }, others)
  const orderBy = search['sort'] ?? ''
  const list = usePages(
    'ClientService/ListClients',
    { filter, orderBy, pageSize },
    ({ clients }: ListClientsResponseJson) => clients,
  )
  const total = Number(list.first?.totalSize ?? -1)
  const matching = total < 0 ? undefined : total
  const order = orderBy === '' ? 'by client id' : `the ${whole(topCount)} greatest, ${orderBy.replace('_', ' ')}`
  return (
    <Page
      title="Clients"
      note={matching === undefined ? 'Sessions and connections of the region' : `${whole(matching)} match`}
      actions={
        <DisconnectButton ids={[...selected]} filter={filter} matching={matching} done={() => setSelected(new Set())} />
      }
    >
      <Filters search={search} setSearch={setSearch} />
      <Answered query={list.query}>
        {() => (
          <>
            <Partial missing={list.last?.unreachable} />
            {list.rows.length === 0 ? (
              <NoClients filtered={filter !== ''} />
            ) : (
              <DataTable
                name="Clients"
                rows={list.rows}
                columns={columns}
                keyOf={({ clientId = '' }) => clientId}
                open={({ clientId = '' }) => void navigate({ to: '/clients/$clientId', params: { clientId } as never })}
                order={orderBy}
                setOrder={(sort) => setSearch({ sort })}
                selection={{ keys: selected, set: setSelected }}
                foot={
                  <More
                    more={list.more}
                    busy={list.busy}
                    load={list.load}
                    shown={`${whole(list.rows.length)} shown, ${order}`}
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

const NoClients = ({ filtered }: Readonly<{ filtered: boolean }>) =>
  filtered ? (
    <Empty title="No client matches">Take a word out of the filter.</Empty>
  ) : (
    <Empty title="Nobody has connected yet" command="mosquitto_sub -p 1883 -t 'demo/#' -v">
      <Link to="/try">Open the browser client</Link>
    </Empty>
  )

type FiltersProps = Readonly<{
  search: Readonly<Record<string, string>>
  setSearch: (change: Record<string, string>) => void
}>

function Filters({ search, setSearch }: FiltersProps) {
  const { topology } = useTopology()
  const chip = (name: string, value: string, text: string) => (
    <button
      key={`${name}${value}`}
      type="button"
      className="button small"
      aria-pressed={search[name] === value}
      onClick={() => setSearch({ [name]: search[name] === value ? '' : value })}
    >
      {text}
    </button>
  )
  return (
    <div className="filters">
      <FilterInput
        label="Client id begins with"
        value={search['q'] ?? ''}
        set={(q) => setSearch({ q })}
        placeholder="car-"
        grow
      />
      <fieldset className="chips" aria-label="Filter">
        {chip('state', 'connected', 'connected')}
        {chip('state', 'disconnected', 'away')}
        {(topology?.zones ?? []).map(({ name = '' }) => chip('zone', name, name))}
        {chip('has', 'inflight', 'in flight')}
        {chip('has', 'dropped', 'dropped messages')}
      </fieldset>
    </div>
  )
}
