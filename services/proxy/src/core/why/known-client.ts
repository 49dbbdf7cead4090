import type { inspect, proxy, state } from '@tern/proto'
import type { KnownClient } from './facts.ts'

export type SessionWords = Readonly<{
  /** As its home keeps it. */
  session: inspect.SessionState | undefined
  /** As its proxy sees it now; undefined: it is not connected there, or the proxy does not answer. */
  connection: proxy.Connection | undefined
  /** Of a session that ends with its connection: no home knows them. */
  subscriptions: readonly state.Subscription[]
  inFlight: readonly proxy.InflightEntry[]
}>

/** What is known of a client, as far as it matters to one message. Undefined: there is no session. */
export function knownClientOf(
  { session, connection, subscriptions, inFlight }: SessionWords,
  queue: number,
  position: number,
): KnownClient | undefined {
  const summary = session?.summary
  if (session === undefined || summary === undefined) return undefined
  const progress = session.cursor?.progress.find((each) => each.queue === queue)
  const here = inFlight.find((entry) => entry.queue === queue && entry.position === position && !entry.waiting)
  const all = session.subscriptions.length > 0 ? session.subscriptions : subscriptions
  return {
    connected: summary.disconnectedAtMs === undefined,
    offlineSinceMs: summary.disconnectedAtMs,
    subscriptions: all.map(({ filter, noLocal, starts }) => ({
      ...{ filter, noLocal },
      start: starts.find((start) => start.queue === queue)?.position,
    })),
    takenBelow: progress === undefined ? undefined : progress.low + 1,
    settled: progress?.settled.some(({ first, last }) => position >= first && position <= last) ?? false,
    inFlightSinceMs: here?.writtenAtMs,
    inFlight: connection?.inflight ?? 0,
    receiveMaximum: connection?.receiveMaximum ?? 0,
  }
}
