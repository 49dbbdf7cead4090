import type { Quotas } from './core/quotas.ts'

export type BrokerConfig = Readonly<{
  zone: string
  /** Drawn at random for each incarnation: one at the start, another after having been declared dead. */
  nonce(): string
  /** host:port to serve on; port 0 takes a free one. */
  listen: string
  /** host:port of every nameserver. */
  nameservers: readonly string[]
  quotas: Quotas
  /** What else this process serves, told to whoever lists members: "metrics" to host:port. */
  endpoints?: Readonly<Record<string, string>>
  /** How often queues ask what of clients they may forget (rule 4); an hour when left out. */
  forgetEveryMs?: number
}>
