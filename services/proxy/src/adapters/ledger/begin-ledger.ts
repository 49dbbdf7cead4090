import { randomBytes } from 'node:crypto'
import type { RouteWatcher } from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'
import { idDrawing } from '@tern/telemetry'
import { BlockBuffer } from '../../core/ledger/block-buffer.ts'
import { Ledger } from '../../core/ledger/ledger.ts'
import { type DialLedger, LedgerShipping } from './ledger-shipping.ts'
import { microsecondsOf, onceATurn } from './microseconds.ts'

export type BegunLedger = Readonly<{
  ledger: Ledger
  /** What there is leaves now. */
  flush(): void
  stop(): void
}>

export type LedgerSurroundings = Readonly<{
  proxy: number
  zone: string
  routes: RouteWatcher
  clock: Clock
  logger: Logger
  dial?: DialLedger | undefined
}>

/** The ledger of one incarnation of the proxy, on its way to a trace service. */
export function beginLedger({ proxy, zone, routes, clock, logger, dial }: LedgerSurroundings): BegunLedger {
  const buffer = new BlockBuffer(proxy, zone)
  const draw = idDrawing((bytes) => bytes.set(randomBytes(bytes.length)))
  const shipping = new LedgerShipping({ zone, ring: () => kept.ring, buffer, routes, clock, logger, dial })
  const kept: Ledger = new Ledger({
    microseconds: onceATurn(
      microsecondsOf(Date.now, () => performance.now()),
      (task) => clock.soon(task),
    ),
    drawContext: () => ({ traceId: draw.traceId(), spanId: noSpan }),
    wake: () => shipping.wake(),
    full: (ring) => buffer.take(ring),
  })
  return { ledger: kept, flush: () => shipping.flush(), stop: () => shipping.stop() }
}

const noSpan = '0'.repeat(16)
