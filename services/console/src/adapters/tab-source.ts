import type { RegionApi } from './region-api.ts'
import { type TopologyWatch, topologyCall } from './topology-watch.ts'

/** Where the events of a tab's streams come from: JSON text, one for each response. */
export type TabSource = (rpc: string, request: object, signal: AbortSignal) => AsyncIterable<string>

/** The topology from the one watch that all tabs share, everything else from the region. */
export const tabSource =
  (api: RegionApi, topology: TopologyWatch): TabSource =>
  (rpc, request, signal) =>
    rpc === topologyCall ? newest(topology, signal) : api.stream(rpc, request, signal)

/** What comes while its reader is busy is replaced by what comes after it. */
async function* newest(topology: TopologyWatch, signal: AbortSignal): AsyncGenerator<string> {
  let waiting: string | undefined
  let wake = () => {}
  const stop = topology.listen((event) => {
    waiting = event
    wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  try {
    while (!signal.aborted) {
      const event = waiting
      waiting = undefined
      if (event !== undefined) yield event
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stop()
  }
}
