import type { proxy } from '@tern/proto'
import { type Clause, type FieldKind, type FieldValues, fulfils, parseFilter } from './filter.ts'

const fields = {
  state: 'text',
  zone: 'text',
  proxy: 'text',
  principal: 'text',
  protocol: 'text',
  client_id: 'prefix',
  inflight: 'number',
  subscriptions: 'number',
  dropped: 'number',
  delivered: 'number',
  published: 'number',
} as const satisfies Readonly<Record<string, FieldKind>>

/** What the proxy of a connection knows of it; the rest is the home's. */
const ofConnections: readonly string[] = ['protocol', 'inflight', 'subscriptions', 'dropped', 'delivered', 'published']

export type ClientFilter = Readonly<{
  clauses: readonly Clause[]
  /** Homes leave out what does not fulfil these. */
  prefix: string
  connected: boolean | undefined
  /** Whether a proxy must be asked about each client. */
  asksProxies: boolean
  /** Whether homes, told of `prefix`, `connected` and proxies, leave just those that the filter leaves. */
  isHomes: boolean
}>

export function parseClientFilter(text: string): ClientFilter {
  const clauses = parseFilter(text, fields)
  const ids = clauses.filter(({ field }) => field === 'client_id').map(({ value }) => value.replace(/\*$/, ''))
  const states = clauses.filter(({ field, operator }) => field === 'state' && operator === '=')
  const connected = states.length === 1 ? states[0]?.value === 'connected' : undefined
  const others = clauses.filter(
    ({ field, value }) => !(field === 'client_id' && value.endsWith('*')) && field !== 'state',
  )
  return {
    clauses,
    prefix: ids.reduce((a, b) => (a.length >= b.length ? a : b), ''),
    connected,
    asksProxies: clauses.some(({ field }) => ofConnections.includes(field)),
    isHomes: others.length === 0 && ids.length <= 1 && states.length <= 1 && states.every(isState),
  }
}

const isState = ({ value }: Clause): boolean => value === 'connected' || value === 'disconnected'

/** What is known of a client, for the filter; of one that is not connected its numbers are 0. */
export const valuesOf = (
  session: Readonly<{ clientId: string; connected: boolean; zone: string; proxy: string; principal: string }>,
  connection: proxy.Connection | undefined,
  subscriptions: number,
): FieldValues => ({
  state: session.connected ? 'connected' : 'disconnected',
  zone: session.zone,
  proxy: session.proxy,
  principal: session.principal,
  protocol: connection?.protocol ?? '',
  client_id: session.clientId,
  inflight: connection?.inflight ?? 0,
  subscriptions,
  dropped: connection?.dropped ?? 0,
  delivered: connection?.delivered ?? 0,
  published: connection?.published ?? 0,
})

export const isLeft = (values: FieldValues, { clauses }: Pick<ClientFilter, 'clauses'>): boolean =>
  fulfils(values, clauses)
