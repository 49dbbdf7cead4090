import { expect, test } from 'vitest'
import { frame, text } from '../support/mqtt-bytes.ts'
import { connectBytes, connectFrame } from './packets.ts'
import { useRegion } from './region-setup.ts'

const { closesOn, open, raw } = useRegion()

test('C1 F10: what is no CONNECT is closed without an answer [MQTT5-3.1.0-1]', async () => {
  for (const bytes of [
    [0xc0, 0],
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    [0x16, 3, 1, 2, 0],
    Buffer.from('SSH-2.0-x\r\n'),
  ]) {
    const client = raw()
    client.bytes(bytes)
    expect(await client.closed()).toBeUndefined()
    expect(client.received).toEqual([])
  }
})

test('F6: packets that only servers send are protocol errors', async () => {
  for (const first of [0x20, 0x90, 0xb0, 0xd0]) {
    const client = await open()
    client.bytes([first, 0])
    expect(await client.closed()).toBeOneOf([0x81, 0x82])
  }
})

test('F9: a split at every byte gives the same answers as one piece', async () => {
  const client = raw()
  for (const byte of Buffer.concat([connectBytes(), Buffer.from([0xc0, 0])])) client.bytes([byte])
  await client.next('pingresp')
  expect(client.connack?.reasonCode).toBe(0)
})

test('P7: a packet above Maximum Packet Size ends the connection with 0x95 [MQTT5-3.2.2-15]', async () => {
  const client = await open()
  client.bytes([0x30, 0xff, 0xff, 0xff, 0x7f])
  expect(await client.closed()).toBe(0x95)
})

const overlong = Buffer.from([0x80, 0])
const flagsOf: Readonly<Record<string, readonly [type: number, flags: number, body: readonly number[]]>> = {
  puback: [4, 0, [0, 1]],
  pubrec: [5, 0, [0, 1]],
  pubrel: [6, 2, [0, 1]],
  pubcomp: [7, 0, [0, 1]],
  subscribe: [8, 2, [0, 1, 0, 0, 1, 0x61, 0]],
  unsubscribe: [10, 2, [0, 1, 0, 0, 1, 0x61]],
  pingreq: [12, 0, []],
  disconnect: [14, 0, []],
  auth: [15, 0, []],
}

test('F1: a remaining length of five bytes is malformed at its fourth', async () => {
  for (const last of [[0x7f], [0xff], []]) {
    const client = await open()
    client.bytes([0x30, 0xff, 0xff, 0xff, 0xff, ...last])
    expect(await client.closed()).toBe(0x81)
    const early = raw()
    early.bytes([0x10, 0xff, 0xff, 0xff, 0xff, ...last])
    await early.closed()
    expect(early.received).toEqual([])
  }
})

test('F2 C1: a length that no packet may have ends the connection before anything more comes', async () => {
  const client = await open()
  client.bytes([0x32, 0xff, 0xff, 0xff, 0x7f])
  expect(await client.closed()).toBe(0x95)
  const early = raw()
  early.bytes([0x10, 0xff, 0xff, 0xff, 0x7f])
  await early.closed()
  expect(early.received).toEqual([])
})

test('F3: a number of more bytes than it needs is malformed [MQTT5-1.5.5-1]', async () => {
  const wrong = [
    Buffer.concat([Buffer.from([0xc0]), overlong]),
    frame(0x30, text('a'), overlong),
    frame(0x82, [0, 1], overlong, text('a'), [0]),
    frame(0x40, [0, 1, 0], overlong),
  ]
  await closesOn(wrong, 0x81)
})

test('F4: half a packet and then no more ends with the socket, or with the keep alive', async () => {
  const leaving = await open()
  leaving.bytes([0x30, 100, 0, 1, 0x61])
  leaving.end()
  await leaving.closed()
  const silent = await open({ keepalive: 1 })
  silent.bytes([0x30, 100, 0, 1, 0x61])
  expect(await silent.closed()).toBe(0x8d)
})

test('F5: a field that ends behind its packet is malformed [MQTT5-4.13.1-1] [MQTT5-4.13.2-1] [MQTT5-3.14.4-2]', async () => {
  const wrong = [
    frame(0x30, [0, 200, 0x61]),
    frame(0x30, text('a'), [5, 1]),
    frame(0x30, text('a'), [3, 0x03, 0, 9]),
    frame(0x32, text('a'), [0]),
    frame(0x40, [0]),
    frame(0x62, []),
    frame(0x82, [0, 1, 0, 0, 9, 0x61, 0]),
    frame(0x82, [0, 1, 0], text('a')),
    frame(0xa2, [0, 1, 0, 0, 2, 0x61]),
    frame(0xe0, [0, 9, 1]),
  ]
  await closesOn(wrong, 0x81)
})

test('F6: a type that is reserved ends the connection', async () => {
  const five = await open()
  five.bytes([0x00, 0])
  expect(await five.closed()).toBeOneOf([0x81, 0x82])
  for (const first of [0x00, 0xf0]) {
    const four = await open({ protocolVersion: 4 })
    four.bytes([first, 0])
    await four.closed()
    expect(four.received.map(({ cmd }) => cmd)).toEqual(['connack'])
  }
})

test('F7: flags of a header that are not those of its type are malformed [MQTT5-2.1.3-1] [MQTT5-3.6.1-1] [MQTT5-3.8.1-1] [MQTT5-3.10.1-1] [MQTT5-3.14.1-1] [MQTT5-3.15.1-1]', async () => {
  for (const [kind, [type, right, body]] of Object.entries(flagsOf)) {
    for (let flags = 0; flags < 16; flags++) {
      if (flags === right) continue
      const client = await open()
      client.bytes(frame((type << 4) | flags, body))
      expect(await client.closed(), `${kind} ${flags}`).toBe(0x81)
    }
  }
})

test('F7 P1: QoS 3, DUP without an acknowledgement, and packet id 0 are malformed [MQTT5-3.3.1-2] [MQTT5-3.3.1-4] [MQTT5-2.2.1-2] [MQTT5-2.2.1-3]', async () => {
  const wrong = [
    frame(0x36, text('a'), [0, 1, 0]),
    frame(0x38, text('a'), [0]),
    frame(0x32, text('a'), [0, 0, 0]),
    frame(0x34, text('a'), [0, 0, 0]),
    frame(0x82, [0, 0, 0], text('a'), [0]),
    frame(0xa2, [0, 0, 0], text('a')),
  ]
  await closesOn(wrong, 0x81, 0x82)
})

test('F8: bytes after the last field of a packet are malformed', async () => {
  const wrong = [
    frame(0xc0, [0]),
    frame(0x40, [0, 1, 0, 0, 7]),
    frame(0x82, [0, 1, 0], text('a'), [0, 0]),
    frame(0xe0, [0, 0, 0]),
  ]
  await closesOn(wrong, 0x81)
  const connecting = raw()
  connecting.bytes(connectFrame({ payload: Buffer.concat([text('x'), Buffer.from([1])]) }))
  await connecting.closed()
  expect(connecting.connack?.reasonCode).toBe(0x81)
})

test('F9: a thousand packets in one segment are answered as one by one, in their order [MQTT5-3.12.4-1]', async () => {
  const client = await open()
  const ids = Array.from({ length: 1_000 }, (_, i) => i + 1)
  client.bytes(
    Buffer.concat(ids.flatMap((id) => [frame(0x32, text('f9'), [id >> 8, id & 0xff, 0], text('x')), frame(0xc0)])),
  )
  await client.next('puback', (packet) => packet.messageId === 1_000)
  const acked = client.received.flatMap((packet) => (packet.cmd === 'puback' ? [packet.messageId] : []))
  expect(acked).toEqual(ids)
  expect(client.received.filter(({ cmd }) => cmd === 'pingresp')).toHaveLength(1_000)
})

test('F9: every kind of packet may come a byte at a time', async () => {
  const client = raw()
  const topic = text('split')
  const slowly = (...packets: Buffer[]) => {
    for (const byte of Buffer.concat(packets)) client.bytes([byte])
  }
  slowly(
    connectBytes({ will: { topic: 'w', payload: Buffer.from('w'), qos: 1, retain: false } }),
    frame(0x82, [0, 1, 0], topic, [2]),
    frame(0x32, topic, [0, 2, 3, 0x23, 0, 1], [0x31]),
    frame(0x34, topic, [0, 3, 0], [0x32]),
  )
  await Promise.all([client.next('puback'), client.next('pubrec'), client.message('2')])
  slowly(frame(0x62, [0, 3]), frame(0xa2, [0, 4, 0], topic), frame(0xc0))
  await Promise.all([client.next('pubcomp'), client.next('unsuback'), client.next('pingresp')])
  slowly(frame(0xe0, [0, 0]))
  await client.closed()
})
