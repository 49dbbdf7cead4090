import { reasonName } from '@tern/mqtt'
import { CodeCounts, Histogram, noTracer, type Tracer } from '@tern/telemetry'

/** What a broker did since its process began, over all of its incarnations. Plain numbers: most are added to once for a batch. */
export class BrokerCounters {
  appendedBatches = 0
  appendedRecords = 0
  appendedBytes = 0
  /** From a batch leaving for the log to its being durable. */
  readonly appendDelay = new Histogram()
  /** Batches whose outcome was not certain, or that the log refused: it is read, and what is missing is written again. */
  appendsUncertain = 0
  /** Records that were known already, and were answered without being written again. */
  repetitions = 0
  readonly refused = new CodeCounts(reasonName)
  /** Bytes that catching up read from the log, delivered, and passed over by summaries. */
  caughtUp = { read: 0, delivered: 0, skipped: 0 }
  readonly takeoverDelay = new Histogram()
  takeoversFailed = 0
  queuesGivenUp = 0
  sessionTakeovers = 0
  willsPublished = 0
  snapshots = 0
  snapshotsFailed = 0
  incarnations = 0
}

/** What the parts of a broker tell operators by. */
export type Telemetry = Readonly<{ counters: BrokerCounters; tracer: Tracer }>

export const telemetryWith = (tracer: Tracer = noTracer): Telemetry => ({ counters: new BrokerCounters(), tracer })
