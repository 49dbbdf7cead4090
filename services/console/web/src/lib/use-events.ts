import { useState } from 'react'
import type { ClusterEventJson, ListEventsResponseJson, WatchEventsResponseJson } from '../gen/tern/v1/cluster_pb.js'
import { useCall } from './use-call.ts'
import { useStream } from './use-stream.ts'

const keptMax = 1_000

/** Events of the region, newest first: those that were, and those that come. */
export function useEvents(filter: string, pageSize = 200) {
  const query = useCall<ListEventsResponseJson>('ClusterService/ListEvents', { filter, pageSize })
  const [fresh, setFresh] = useState<readonly ClusterEventJson[]>([])
  useStream<WatchEventsResponseJson>('ClusterService/WatchEvents', {}, ({ events = [] }) =>
    setFresh((before) => [...events.toReversed(), ...before].slice(0, keptMax)),
  )
  const old = query.data?.events ?? []
  const known = new Set(old.map(({ id }) => id))
  return { query, events: [...fresh.filter((event) => !known.has(event.id) && fits(event, filter)), ...old] }
}

/** As far as the pages ask: clauses `name = "value"` joined by AND. */
function fits(event: ClusterEventJson, filter: string): boolean {
  const clauses = [...filter.matchAll(/(kind|zone|member) = "([^"]*)"/g)]
  return clauses.every(([, name, value]) => event[name as 'kind' | 'zone' | 'member'] === value)
}
