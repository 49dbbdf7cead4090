import { noTracer, type Tracer } from '@tern/telemetry'

export type DeathCause = 'silent' | 'refused' | 'replaced'

/** What a nameserver decided while it led: the sum over all of them is the region's. */
export class NameserverCounters {
  claims = 0
  readonly deaths: Record<DeathCause, number> = { silent: 0, refused: 0, replaced: 0 }
  joins = 0
  assignments = 0
  drains = 0
  snapshots = 0
}

/** What the parts of a nameserver tell operators by. */
export type Telemetry = Readonly<{ counters: NameserverCounters; tracer: Tracer }>

export const telemetryWith = (tracer: Tracer = noTracer): Telemetry => ({
  counters: new NameserverCounters(),
  tracer,
})
