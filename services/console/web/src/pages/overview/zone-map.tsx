import type { TopologyJson } from '../../gen/tern/v1/cluster_pb.js'
import type { Sample } from '../../lib/use-topology.ts'
import { ZoneCard } from './zone-card.tsx'

type ZoneMapProps = Readonly<{
  topology: TopologyJson
  /** A moment to show instead of now. */
  past: Sample | undefined
}>

/** One column for each zone, always in the same place, whatever happens to it. */
export function ZoneMap({ topology, past }: ZoneMapProps) {
  const { zones = [], owners = [] } = topology
  return (
    <section className="zone-map" aria-label="Zones">
      {zones.map((zone, index) => {
        const names = new Set((zone.members ?? []).map(({ name }) => name))
        const owned = owners.flatMap((owner, queue) => (names.has(owner) ? [queue] : []))
        const then = past?.zones.find(({ name }) => name === zone.name)
        return (
          <ZoneCard
            key={zone.name}
            zone={zone}
            index={Math.min(index, 3)}
            owned={owned}
            queues={owners.length}
            then={then}
          />
        )
      })}
    </section>
  )
}
