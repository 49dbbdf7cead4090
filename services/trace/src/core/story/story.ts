import type { EntryContext, LedgerEntry } from '@tern/record'

/** An entry of the ledger with whoever wrote it. */
export type Told = LedgerEntry & Readonly<{ queue: number; proxy: number; zone: string }>

/** A record of tern.messages as far as its trace tells of it. */
export type StoredMessage = Readonly<{
  topic: string
  /** Milliseconds since 1970: when the log took it, and when the proxy had read it (0: not known). */
  storedMs: number
  receivedMs: number
  clientId: string
  principal: string
  qos: number
  retain: boolean
  payloadBytes: number
  expirySeconds: number | undefined
  context: EntryContext | undefined
}>

/** All that is known of one message: from the log, and from the ledger. */
export type Story = Readonly<{
  /** 32 hex digits. */
  traceId: string
  queue: number
  /** -1: it was refused before it had one. */
  position: number
  message: StoredMessage | undefined
  told: readonly Told[]
  /** The ledger lost entries of that part of the queue. */
  incomplete: boolean
}>

export const noSpan = '0'.repeat(16)
