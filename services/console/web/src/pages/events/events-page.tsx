import { useEffect, useRef } from 'react'
import type { ClusterEventJson } from '../../gen/tern/v1/cluster_pb.js'
import { count } from '../../lib/format.ts'
import { useEvents } from '../../lib/use-events.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { ZoneName } from '../../parts/zone.tsx'
import { EventDetail } from './event-detail.tsx'

const kinds = [
  'member-joined',
  'member-died',
  'queues-moved',
  'leader-changed',
  'drain-begun',
  'drain-ended',
  'recovered',
]

const tones: Readonly<Record<string, string>> = {
  'member-died': 'bad',
  recovered: 'ok',
  'queues-moved': 'warn',
  'drain-begun': 'warn',
}

const columns: readonly Column<ClusterEventJson>[] = [
  { title: 'Time', cell: ({ time }) => <Time at={time} /> },
  { title: 'Kind', cell: ({ kind = '' }) => <span className={`tag ${tones[kind] ?? ''}`}>{kind}</span> },
  { title: 'Zone', cell: ({ zone }) => <ZoneName zone={zone} /> },
  { title: 'What happened', cell: ({ text }) => <span className="breakable">{text}</span> },
]

/** Everything that happened to the region, as its control log has it. */
export function EventsPage() {
  const [search, setSearch] = useSearchText()
  const clauses = (['kind', 'zone'] as const).flatMap((name) => (search[name] ? [`${name} = "${search[name]}"`] : []))
  const { query, events } = useEvents(clauses.join(' AND '), 500)
  const opened = events.find(({ id }) => id === search['id'])
  return (
    <Page title="Events" note="Members, owners, leaders and drains, newest first" actions={<Export events={events} />}>
      <div className="filters">
        <label className="field">
          <span>Kind</span>
          <select data-filter value={search['kind'] ?? ''} onChange={({ target }) => setSearch({ kind: target.value })}>
            <option value="">all</option>
            {kinds.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Zone</span>
          <input
            value={search['zone'] ?? ''}
            placeholder="all"
            onChange={({ target }) => setSearch({ zone: target.value })}
          />
        </label>
      </div>
      <Answered query={query}>
        {() =>
          events.length === 0 ? (
            <Empty
              title={clauses.length > 0 ? 'No event is of this kind and zone' : 'Nothing has happened yet'}
              command="./tern zones drain az-a"
            />
          ) : (
            <>
              <Opened event={opened} close={() => setSearch({ id: '' })} />
              <DataTable
                name="Events"
                rows={events}
                columns={columns}
                keyOf={({ id = '' }) => id}
                opened={search['id']}
                open={({ id = '' }) => setSearch({ id })}
                foot={
                  <p className="muted small more">
                    {count(events.length, 'event')}, as far back as the control log remembers
                  </p>
                }
              />
            </>
          )
        }
      </Answered>
    </Page>
  )
}

function Opened({ event, close }: Readonly<{ event: ClusterEventJson | undefined; close(): void }>) {
  const place = useRef<HTMLDivElement>(null)
  const id = event?.id
  useEffect(() => {
    if (id !== undefined) place.current?.scrollIntoView({ block: 'nearest' })
  }, [id])
  return <div ref={place}>{event === undefined ? null : <EventDetail event={event} close={close} />}</div>
}

/** What is shown, one JSON object a line. */
function Export({ events }: Readonly<{ events: readonly ClusterEventJson[] }>) {
  const save = () => {
    const blob = new Blob([events.map((event) => `${JSON.stringify(event)}\n`).join('')], { type: 'application/jsonl' })
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = 'tern-events.jsonl'
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <button type="button" className="button small" disabled={events.length === 0} onClick={save}>
      Save as JSON lines
    </button>
  )
}
