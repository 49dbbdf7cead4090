import { queueCount } from './fake-region.ts'

const cars = 400
const perSecond = 40
const keptMs = 15 * 60_000

const topicOf = (n: number) => {
  const car = n % cars
  const kinds = ['gps', 'gps', 'gps', 'battery', 'cmd', 'alarm']
  return n % 17 === 0 ? `orders/created` : `fleet/car/${car}/${kinds[n % kinds.length]}`
}

const payloadOf = (n: number): Buffer => {
  if (n % 23 === 0) return Buffer.from([0x0a, 0x04, 0xff, 0xfe, 0x00, 0x9c, n & 0xff])
  if (n % 29 === 0) return Buffer.from('<script>alert(1)</script> =cmd|calc!A1 \u001b[31mred')
  const { lat, lon } = { lat: 48.1 + (n % 97) / 1_000, lon: 11.5 + (n % 89) / 1_000 }
  return Buffer.from(
    JSON.stringify({ car: n % cars, speed: 30 + (n % 60), position: { lat, lon }, tags: ['live', `v${n % 4}`] }),
  )
}

/** Message `n` of a stream that has always flowed: the same whenever it is asked for. */
export function messageAt(n: number, preview = 0) {
  const time = n * (1_000 / perSecond)
  const payload = payloadOf(n)
  const queue = n % queueCount
  const shown = preview > 0 ? payload.subarray(0, preview) : payload
  return {
    messageId: `${queue}-${n}`,
    topic: topicOf(n),
    payload: shown.toString('base64'),
    payloadSize: `${payload.length}`,
    qos: ['QUALITY_OF_SERVICE_AT_MOST_ONCE', 'QUALITY_OF_SERVICE_AT_LEAST_ONCE', 'QUALITY_OF_SERVICE_EXACTLY_ONCE'][
      n % 3
    ],
    retain: n % 50 === 0,
    contentType: n % 23 === 0 ? 'application/octet-stream' : 'application/json',
    userProperties: [
      { name: 'region', value: 'eu' },
      { name: 'javascript:alert(1)', value: '<b>bold</b>' },
    ],
    position: { queue, offset: `${n}` },
    publishTime: new Date(time).toISOString(),
    receiveTime: new Date(time - 4).toISOString(),
    publisherClientId: `car-${n % cars}`,
    publisherPrincipal: 'fleet',
    traceId: traceIdOf(n),
  }
}

export const newest = () => Math.floor((Date.now() / 1_000) * perSecond)
export const oldest = () => newest() - (keptMs / 1_000) * perSecond
export const traceIdOf = (n: number) => n.toString(16).padStart(32, 'c0de')
export const numberOfTrace = (id: string) => Number.parseInt(id.replace(/^(c0de)+(c0d|c0|c)?/, '') || '0', 16)

function spanOf(n: number, spanId: string, parent: string, name: string, at: number, ms: number, more: object = {}) {
  const start = BigInt(Math.round(n * (1_000 / perSecond))) * 1_000_000n + BigInt(Math.round(at * 1e6))
  return {
    spanId: spanId.padStart(16, '0'),
    parentSpanId: parent === '' ? '' : parent.padStart(16, '0'),
    name,
    startUnixNano: `${start}`,
    durationNano: `${Math.round(ms * 1e6)}`,
    kind: 'internal',
    status: 'ok',
    attributes: { 'messaging.system': 'tern', 'tern.queue': `${n % queueCount}` },
    ...more,
  }
}

/** The trace of message `n`; every hundredth went to 9,998 subscribers. */
export function traceOf(n: number) {
  const span = (...given: [string, string, string, number, number, object?]) => spanOf(n, ...given)
  const wide = n % 100 === 0
  const deliveries = (wide ? 200 : 3) as number
  const spans = [
    span('1', '', `publish ${topicOf(n)}`, 0, 23.4, {
      service: 'proxy-a',
      zone: 'az-a',
      kind: 'producer',
      critical: true,
      attributes: {
        'messaging.destination.name': topicOf(n),
        'messaging.message.id': `${n % queueCount}-${n}`,
        'messaging.client.id': `car-${n % cars}`,
        'tern.qos': '1',
      },
    }),
    span('2', '1', 'authorize', 0.1, 0.2, {
      service: 'proxy-a',
      zone: 'az-a',
      attributes: { 'tern.rule': 'allow everyone' },
    }),
    span('3', '1', 'route', 0.35, 0.1, {
      service: 'proxy-a',
      zone: 'az-a',
      attributes: { 'tern.queue': '7', 'tern.epoch': '8' },
    }),
    span('4', '1', 'append', 0.5, 6.3, {
      service: 'broker-c',
      zone: 'az-c',
      critical: true,
      events: [
        {
          timeUnixNano: `${BigInt(Math.round(n * 25)) * 1_000_000n + 5_100_000n}`,
          name: 'synced',
          attributes: { 'tern.bytes': '182' },
        },
      ],
    }),
    span('5', '4', 'sync', 2.1, 4.4, { service: 'log', zone: 'az-c', critical: true }),
    ...Array.from({ length: deliveries }, (_, i) => {
      const failed = i === 1
      const at = 8.8 + (i % 40) * 0.15
      return span(
        `${100 + i}`,
        '4',
        `deliver ${wide ? `car-${i}` : ['car-17', 'audit-svc', 'billing-2'][i]}`,
        at,
        failed ? 12.6 : i === 0 ? 14.4 : 2.2 + (i % 30) / 4,
        {
          ...{ service: `proxy-${'abc'[i % 3]}`, zone: `az-${'abc'[i % 3]}`, kind: 'consumer', critical: i === 0 },
          ...(failed ? { status: 'error', statusMessage: 'no PUBACK within 10 s; sent again' } : {}),
          attributes: {
            'messaging.client.id': wide ? `car-${i}` : (['car-17', 'audit-svc', 'billing-2'][i] ?? ''),
            'tern.attempt': failed ? '2' : '1',
            'tern.qos': '1',
            'tern.outcome': failed ? 'pending' : 'acked',
          },
        },
      )
    }),
    span('900', '100', 'await ack', 15, 8.2, { service: 'proxy-a', zone: 'az-a', critical: true }),
  ]
  return {
    traceId: traceIdOf(n),
    messageId: `${n % queueCount}-${n}`,
    spans,
    startUnixNano: spans[0]?.startUnixNano,
    durationNano: '23400000',
    deliveries: wide
      ? { total: '9998', acked: '9995', pending: '0', failed: '3', p50: '0.004s', p99: '0.031s' }
      : { total: '3', acked: '2', pending: '1', failed: '0', p50: '0.004s', p99: '0.012s' },
    folded: wide ? '9798' : '0',
  }
}
