import { generate, type IConnectPacket, type ISubscribePacket, parser } from 'mqtt-packet'
import { expect, test } from 'vitest'
import * as packets from './packets.ts'

/** As the codec that half of the world uses reads it. */
function judged(bytes: Uint8Array): unknown {
  let found: unknown
  const judge = parser({ protocolVersion: 5 })
  judge.on('packet', (packet) => {
    found = packet
  })
  judge.on('error', (error) => {
    throw error
  })
  judge.parse(bytes as never)
  return found
}

test('CONNECT with a will is understood by another codec', () => {
  const payload = new TextEncoder().encode('gone')
  const bytes = packets.connect({
    ...{ clientId: 'web-1', cleanStart: true, keepAliveSeconds: 30, sessionExpirySeconds: 60 },
    will: { topic: 'x/gone', payload, qos: 1, retain: true },
  })
  expect(judged(bytes) as IConnectPacket).toMatchObject({
    ...{ cmd: 'connect', protocolVersion: 5, clean: true, clientId: 'web-1', keepalive: 30 },
    properties: { sessionExpiryInterval: 60 },
    will: { topic: 'x/gone', qos: 1, retain: true },
  })
})

test('PUBLISH, SUBSCRIBE, UNSUBSCRIBE, acks and DISCONNECT are understood by another codec', () => {
  const payload = new TextEncoder().encode('x'.repeat(300))
  const properties = { contentType: 'text/plain', messageExpirySeconds: 5, userProperties: [{ name: 'a', value: 'ä' }] }
  expect(
    judged(packets.publish({ topic: 'a/b', payload, qos: 2, retain: true, packetId: 7, properties })),
  ).toMatchObject({
    ...{ cmd: 'publish', topic: 'a/b', qos: 2, retain: true, messageId: 7 },
    properties: { contentType: 'text/plain', messageExpiryInterval: 5, userProperties: { a: 'ä' } },
  })
  expect((judged(packets.subscribe(3, '$share/g/a/#', 1, true)) as ISubscribePacket).subscriptions).toMatchObject([
    { topic: '$share/g/a/#', qos: 1, nl: true },
  ])
  expect(judged(packets.unsubscribe(4, 'a/#'))).toMatchObject({ cmd: 'unsubscribe', unsubscriptions: ['a/#'] })
  for (const type of ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const) {
    expect(judged(packets.ack(type, 9))).toMatchObject({ cmd: type, messageId: 9 })
  }
  expect(judged(packets.disconnect(0))).toMatchObject({ cmd: 'disconnect', reasonCode: 0 })
  expect(judged(packets.pingreq())).toMatchObject({ cmd: 'pingreq' })
})

const sent = [
  {
    cmd: 'connack',
    reasonCode: 0,
    sessionPresent: true,
    properties: { receiveMaximum: 20, assignedClientIdentifier: 'auto-1' },
  },
  {
    cmd: 'publish',
    topic: 'a',
    payload: 'hello',
    qos: 1,
    messageId: 5,
    retain: false,
    dup: true,
    properties: { topicAlias: 3, userProperties: { k: 'v' } },
  },
  { cmd: 'suback', messageId: 2, granted: [1, 135] },
  { cmd: 'pubrec', messageId: 6, reasonCode: 16 },
  { cmd: 'pingresp' },
  { cmd: 'disconnect', reasonCode: 142, properties: { reasonString: 'taken over' } },
]

test('what a server sends is read, however it is cut', () => {
  const bytes = Uint8Array.from(sent.flatMap((each) => [...generate(each as never, { protocolVersion: 5 })]))
  for (const size of [1, 7, bytes.length]) {
    const stream = new packets.PacketStream()
    const found = []
    for (let at = 0; at < bytes.length; at += size) found.push(...stream.push(bytes.subarray(at, at + size)))
    expect(found.map(({ type }) => type)).toEqual(sent.map(({ cmd }) => cmd))
    expect(found[0]).toMatchObject({
      properties: { receiveMaximum: 20, assignedClientId: 'auto-1' },
      sessionPresent: true,
    })
    expect(found[1]).toMatchObject({ topic: 'a', qos: 1, packetId: 5, dup: true, properties: { topicAlias: 3 } })
    expect(found[2]).toMatchObject({ reasonCodes: [1, 135] })
    expect(found[5]).toMatchObject({ reasonCode: 142, properties: { reasonString: 'taken over' } })
  }
})

test.each([
  ['a length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 1]],
  ['a packet shorter than it says', [0x20, 1, 0]],
  ['an unknown property', [0x20, 5, 0, 0, 2, 99, 1]],
  ['a packet only clients send', [0x10, 0]],
])('%s is an error, and nothing worse', (_, bytes) => {
  expect(() => new packets.PacketStream().push(Uint8Array.from(bytes))).toThrow()
})
