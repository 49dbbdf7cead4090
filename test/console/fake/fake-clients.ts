const zones = ['az-a', 'az-b', 'az-c']

/** Client `n` in the order of ids; one in eight is connected. */
export function clientAt(n: number) {
  const connected = n % 8 === 0
  const zone = zones[n % 3] ?? ''
  const letter = zone.slice(-1)
  return {
    clientId: n === 3 ? '<img src=x onerror=alert(1)>' : idOf(n),
    state: connected ? 'CLIENT_STATE_CONNECTED' : 'CLIENT_STATE_DISCONNECTED',
    principal: 'fleet',
    zone,
    proxy: `proxy-${letter}`,
    protocol: n % 5 === 0 ? 'MQTT 3.1.1' : 'MQTT 5.0',
    address: `10.${n % 200}.${n % 250}.17:${40_000 + (n % 9_000)}`,
    connectedAt: new Date(Date.now() - (n % 5_000) * 7_000).toISOString(),
    ...(connected ? {} : { disconnectedAt: new Date(Date.now() - (n % 900) * 1_000).toISOString() }),
    sessionExpiry: '86400s',
    keepAlive: '60s',
    subscriptions: 1 + (n % 4),
    inflight: connected ? n % 6 : 0,
    receiveMaximum: 32,
    queued: connected ? '0' : `${n % 700}`,
    delivered: `${n * 13}`,
    published: `${n * 7}`,
    dropped: `${n % 50 === 0 ? 3 : 0}`,
    lastReason: connected ? '' : 'keep alive expired',
    lastReasonCode: connected ? 0 : 0x8d,
    homeQueue: n % 12,
    homeBroker: `broker-${'cab'[n % 3]}`,
    homeZone: zones[(n + 2) % 3],
    cleanStart: false,
    ...(n % 4 === 0
      ? {
          will: {
            message: {
              topic: `fleet/car/${n}/gone`,
              payload: Buffer.from('offline').toString('base64'),
              qos: 'QUALITY_OF_SERVICE_AT_LEAST_ONCE',
            },
            delay: '30s',
          },
        }
      : {}),
  }
}

const idOf = (n: number) => `car-${String(n).padStart(6, '0')}`
export const numberOfClient = (id: string) =>
  id.startsWith('<img') ? 3 : Number(/^car-0*(\d+)$/.exec(id)?.[1] ?? Number.NaN)

type Query = Readonly<{ filter?: string; orderBy?: string; pageSize?: number; pageToken?: string }>

/** A page of the hundred thousand; the filter is understood as far as the pages use it. */
export function listClients(count: number, { filter = '', orderBy = '', pageSize = 50, pageToken = '' }: Query) {
  const state = /state = "(\w+)"/.exec(filter)?.[1]
  const zone = /zone = "([\w-]+)"/.exec(filter)?.[1]
  const prefix = /client_id = "([^"*]*)\*?"/.exec(filter)?.[1] ?? ''
  const matches = (n: number) =>
    (state === undefined || (state === 'connected') === (n % 8 === 0)) &&
    (zone === undefined || zones[n % 3] === zone) &&
    idOf(n).startsWith(prefix) &&
    (!/dropped > 0/.test(filter) || n % 50 === 0)
  const clients = []
  let n = Number(pageToken || 0)
  for (; n < count && clients.length < pageSize; n++) if (matches(n)) clients.push(clientAt(n))
  if (orderBy.endsWith('desc')) clients.sort((a, b) => b.inflight - a.inflight)
  const total = Math.floor(
    count * (state === undefined ? 1 : state === 'connected' ? 1 / 8 : 7 / 8) * (zone ? 1 / 3 : 1),
  )
  return {
    clients,
    nextPageToken: n < count ? String(n) : '',
    totalSize: prefix === '' ? `${total}` : '-1',
    unreachable: [] as string[],
  }
}
