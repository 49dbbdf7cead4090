import type { ClientEventJson, ListClientEventsResponseJson } from '../../gen/tern/v1/clients_pb.js'
import { count } from '../../lib/format.ts'
import { usePages } from '../../lib/use-pages.ts'
import { reasonOf } from '../../lib/words.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { More } from '../../parts/more.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { ZoneName } from '../../parts/zone.tsx'

const tone = (kind = '') => (/refused/.test(kind) ? 'bad' : /taken|disconnected/.test(kind) ? 'warn' : 'ok')

const columns: readonly Column<ClientEventJson>[] = [
  { title: 'Time', cell: ({ time }) => <Time at={time} /> },
  { title: 'Kind', cell: ({ kind }) => <span className={`tag ${tone(kind)}`}>{kind}</span> },
  { title: 'Why', cell: ({ reason }) => <span className="breakable">{reason}</span> },
  { title: 'Reason code', cell: ({ reasonCode = 0 }) => <span className="nowrap">{reasonOf(reasonCode)}</span> },
  { title: 'Zone', cell: ({ zone }) => <ZoneName zone={zone} /> },
  { title: 'Proxy', cell: ({ proxy }) => proxy },
  { title: 'From', cell: ({ address }) => <span className="mono small">{address}</span> },
]

/** Connects, takeovers and refusals, with the reason in words and as MQTT has it. */
export function ClientEvents({ clientId }: Readonly<{ clientId: string }>) {
  const list = usePages(
    'ClientService/ListClientEvents',
    { clientId, pageSize: 100 },
    ({ events }: ListClientEventsResponseJson) => events,
  )
  return (
    <Answered query={list.query}>
      {() => (
        <>
          <Partial missing={list.last?.unreachable} />
          {list.rows.length === 0 ? (
            <Empty title="No proxy remembers an event of this client" />
          ) : (
            <DataTable
              name="Events of the client"
              rows={list.rows}
              columns={columns}
              keyOf={({ time, kind }) => `${time}${kind}`}
              foot={
                <More
                  more={list.more}
                  busy={list.busy}
                  load={list.load}
                  shown={`${count(list.rows.length, 'event')}, as far as proxies remember`}
                />
              }
            />
          )}
        </>
      )}
    </Answered>
  )
}
