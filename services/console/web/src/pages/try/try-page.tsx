import { useState } from 'react'
import { useTopology } from '../../lib/use-topology.ts'
import { Page } from '../../parts/page.tsx'
import { ConnectionCard } from './connection-card.tsx'
import { anotherConnection, connectionsMax, type KeptConnection, keep, readKept } from './kept.ts'
import './try.css'

/** MQTT 5 from this tab to the proxies themselves: nothing of it goes through the console. */
export function TryPage() {
  const [connections, setConnections] = useState(readKept)
  const { topology } = useTopology()
  const members = (topology?.zones ?? []).flatMap((zone) => zone.members ?? [])
  const endpointsOf = (name: string) => members.flatMap((member) => member.endpoints?.[name]?.split(',') ?? [])
  const set = (next: KeptConnection[]) => {
    setConnections(next)
    keep(next)
  }
  const add = (
    <button
      type="button"
      className="button"
      disabled={connections.length >= connectionsMax}
      onClick={() => set([...connections, anotherConnection()])}
    >
      Another connection
    </button>
  )
  return (
    <Page
      title="Try it"
      note="MQTT 5 over WebSocket, from this tab straight to a proxy; kept over a reload"
      actions={add}
    >
      <div className="connections">
        {connections.map((connection) => (
          <ConnectionCard
            key={connection.id}
            kept={connection}
            addresses={endpointsOf('websocket')}
            mqtt={endpointsOf('mqtt')[0] ?? 'localhost:1883'}
            change={(change) =>
              set(connections.map((each) => (each.id === connection.id ? { ...each, ...change } : each)))
            }
            {...(connections.length > 1
              ? { remove: () => set(connections.filter((each) => each.id !== connection.id)) }
              : {})}
          />
        ))}
      </div>
    </Page>
  )
}
