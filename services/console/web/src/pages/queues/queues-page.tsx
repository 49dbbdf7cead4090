import { Link } from '@tanstack/react-router'
import type { ListRoutesResponseJson, QueueStatusJson } from '../../gen/tern/v1/routes_pb.js'
import { bytes, count, short, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { useTopology } from '../../lib/use-topology.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { ZoneName } from '../../parts/zone.tsx'
import { ZoneActions } from '../overview/zone-actions.tsx'

const columns: readonly Column<QueueStatusJson>[] = [
  { title: 'Queue', number: true, cell: ({ route }) => route?.queue ?? 0 },
  { title: 'Zone', cell: ({ route }) => <ZoneName zone={route?.zone} /> },
  { title: 'Owner', cell: ({ route }) => route?.broker || <span className="tag bad">nobody</span> },
  {
    title: 'State',
    cell: ({ serving }) => (
      <span className={`tag ${serving ? 'ok' : 'bad'}`}>{serving ? 'serving' : 'not served'}</span>
    ),
  },
  { title: 'Epoch', number: true, cell: ({ route }) => route?.epoch ?? 0 },
  {
    title: 'Messages kept',
    number: true,
    cell: ({ firstPosition, endPosition }) => whole(Number(endPosition ?? 0) - Number(firstPosition ?? 0)),
  },
  { title: 'In', number: true, cell: ({ appendsPerSecond }) => `${short(Number(appendsPerSecond ?? 0))}/s` },
  { title: 'Bytes in', number: true, cell: ({ bytesPerSecond }) => `${bytes(Number(bytesPerSecond ?? 0))}/s` },
  { title: 'Size', number: true, cell: (queue) => bytes(Number(queue.bytes ?? 0)) },
  { title: 'Sessions', number: true, cell: ({ sessions }) => whole(sessions ?? 0) },
  { title: 'Groups', number: true, cell: ({ groups }) => whole(groups ?? 0) },
  { title: 'Retained', number: true, cell: ({ retained }) => whole(retained ?? 0) },
  { title: 'Newest', cell: ({ newest }) => <Time at={newest} relative={false} /> },
]

/** Who owns what, how busy it is, and how to move it. */
export function QueuesPage() {
  const [search, setSearch] = useSearchText()
  const topic = search['topic'] ?? ''
  const query = useCall<ListRoutesResponseJson>('RouteService/ListRoutes', topic === '' ? {} : { topic }, {
    every: 1_000,
  })
  const { topology } = useTopology()
  return (
    <Page title="Queues" note="A queue is one partition of the log, and has one owner at a time">
      <section className="two" aria-label="Zones">
        {(topology?.zones ?? []).map((zone) => {
          const owned = (zone.members ?? []).reduce((sum, member) => sum + (member.ownedQueues ?? 0), 0)
          return (
            <div className="card stack tight" key={zone.name}>
              <p className="spread">
                <ZoneName zone={zone.name} /> <span>owns {count(owned, 'queue')}</span>
              </p>
              <ZoneActions zone={zone} owned={owned} />
            </div>
          )
        })}
      </section>
      <div className="filters">
        <FilterInput
          label="Which queue is of this topic?"
          value={topic}
          set={(value) => setSearch({ topic: value })}
          placeholder="fleet/car/17/gps"
          grow
        />
      </div>
      <Answered query={query}>
        {({ queues = [], unreachable }) => (
          <>
            <Partial missing={unreachable} />
            {queues.length === 0 ? (
              <Empty title="The region has no queues yet: nobody has provisioned its log" command="npm start" />
            ) : (
              <DataTable
                name="Queues"
                rows={queues}
                columns={columns}
                keyOf={({ route }) => String(route?.queue ?? 0)}
                opened={search['q']}
                open={({ route }) => setSearch({ q: String(route?.queue ?? 0) })}
              />
            )}
            <Chosen queue={queues.find(({ route }) => String(route?.queue ?? 0) === search['q'])} />
          </>
        )}
      </Answered>
    </Page>
  )
}

function Chosen({ queue }: Readonly<{ queue: QueueStatusJson | undefined }>) {
  if (queue === undefined) return null
  const { route, firstPosition, endPosition, oldest, newest } = queue
  return (
    <section className="card stack tight" aria-label={`Queue ${route?.queue ?? 0}`}>
      <h2>Queue {route?.queue ?? 0}</h2>
      <p>
        {route?.broker || 'Nobody'} owns it since epoch {route?.epoch ?? 0}. It holds positions{' '}
        {whole(Number(firstPosition ?? 0))} to {whole(Math.max(0, Number(endPosition ?? 0) - 1))}, the oldest from{' '}
        <Time at={oldest} />, the newest from <Time at={newest} />.
      </p>
      <p>
        <Link to="/events" search={{ zone: route?.zone } as never}>
          Events of its zone
        </Link>
      </p>
    </section>
  )
}
