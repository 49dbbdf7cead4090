import type { state } from '@tern/proto'
import {
  type Client,
  type ClientEffect,
  type ClientEvent,
  type ConnectionNumber,
  compareNumbers,
  type Will,
} from './client.ts'
import { neverExpires } from './limits.ts'

type Part = Readonly<{ events: readonly ClientEvent[]; effects: readonly ClientEffect[] }>

export function storeWill(
  stored: state.StoredWill,
  clientId: string,
  connection: ConnectionNumber,
  { proxy, request: { attempt } }: Readonly<{ proxy: number; request: { attempt: number } }>,
): Will {
  const { dueAtMs: _, ...will } = stored
  return { connection, dueAtMs: undefined, stored: { ...will, clientId, connection, proxy, attempt } }
}

/** Due after its delay or when the session ends, whichever comes first [MQTT5-3.1.3.2.2]. */
export function willDueAt(will: Will, expirySeconds: number, now: number): number {
  const sessionSeconds = expirySeconds === neverExpires ? Number.POSITIVE_INFINITY : expirySeconds
  return now + Math.min(will.stored.delaySeconds, sessionSeconds) * 1000
}

/** The connection is over: its will becomes due, or is discarded after a normal DISCONNECT [MQTT5-3.14.4-3]. */
export function endConnectionWill(
  client: Client,
  connection: ConnectionNumber,
  applies: boolean,
  expirySeconds: number,
  now: number,
): Part {
  const { will } = client
  if (will === undefined || compareNumbers(will.connection, connection) !== 0) return { events: [], effects: [] }
  if (!applies) return { events: [{ type: 'will-removed' }], effects: [] }
  // Already ended: a repeated report neither postpones nor hastens it.
  if (will.dueAtMs !== undefined) return { events: [], effects: [] }
  return makeDue(will, willDueAt(will, expirySeconds, now), now, false)
}

/** "Due" is durable before the will is published, so that a home that dies between publishes it from its successor. */
export function makeDue(will: Will, dueAtMs: number, now: number, again: boolean): Part {
  const due = { ...will, dueAtMs }
  const effects: ClientEffect[] = dueAtMs <= now ? [{ type: 'fire-will', will: due, again }] : []
  const stored = will.dueAtMs === dueAtMs
  return { events: stored ? [] : [{ type: 'will-stored', will: due }], effects }
}

/** What becomes of a will when a new connection comes: it is void if the session goes on before it was due, else it fires. */
export function willAtTakeover(client: Client, sessionGoesOn: boolean, now: number): 'none' | 'cancelled' | 'fires' {
  const { will } = client
  if (will === undefined) return 'none'
  const dueAtMs = will.dueAtMs ?? now + will.stored.delaySeconds * 1000
  return sessionGoesOn && dueAtMs > now ? 'cancelled' : 'fires'
}
