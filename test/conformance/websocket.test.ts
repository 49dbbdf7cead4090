import { afterEach, expect, test } from 'vitest'
import { frame, text } from '../support/mqtt-bytes.ts'
import { connectFrame, publish } from './packets.ts'
import { RawWebSocket } from './raw-websocket.ts'
import { name, useRegion } from './region-setup.ts'

const { open, region } = useRegion()
const opened: RawWebSocket[] = []
afterEach(() => {
  for (const each of opened.splice(0)) each.socket.destroy()
})

const binary = 2
const textual = 1
const continuation = 0
const ping = 9
const mqtt = 'Sec-WebSocket-Protocol: mqtt'

function raw(zone = 0): RawWebSocket {
  const client = new RawWebSocket(region().plan.zones[zone]?.websocket ?? '')
  opened.push(client)
  return client
}
async function upgraded(): Promise<RawWebSocket> {
  const client = raw()
  expect(await client.upgrade()).toBe(101)
  return client
}
async function connected(): Promise<RawWebSocket> {
  const client = await upgraded()
  client.send(binary, connectFrame())
  expect((await client.next())?.payload[0]).toBe(0x20)
  return client
}

test('the subprotocol is mqtt, and answers are binary [MQTT5-6.0.0-1] [MQTT5-6.0.0-3] [MQTT5-6.0.0-4] [MQTT5-4.2-1]', async () => {
  const client = await upgraded()
  expect(client.head.toLowerCase()).toContain('sec-websocket-protocol: mqtt')
  client.send(binary, connectFrame())
  expect(await client.next()).toMatchObject({ opcode: binary })
  client.send(binary, frame(0xc0))
  expect((await client.next())?.payload).toEqual(Buffer.from([0xd0, 0]))
})

test('W4: packets may be split over frames, and share one [MQTT5-6.0.0-2]', async () => {
  const client = await upgraded()
  const topic = name()
  const reader = await open({}, name(), 1)
  await reader.subscribe(topic)
  const bytes = Buffer.concat([
    connectFrame(),
    frame(0x30, text(topic), [0], [0x31]),
    frame(0x30, text(topic), [0], [0x32]),
  ])
  for (const byte of bytes.subarray(0, 10)) client.send(binary, [byte] as never)
  client.send(binary, bytes.subarray(10, 15), { final: false })
  client.send(ping, Buffer.from('?'))
  client.send(continuation, bytes.subarray(15, 16), { final: false })
  client.send(continuation, bytes.subarray(16))
  await reader.message('2')
  expect(reader.payloads).toEqual(['1', '2'])
})

test('W1: a text frame closes with 1003, and its client’s will is published', async () => {
  const topic = name()
  const watcher = await open()
  await watcher.subscribe(topic)
  const client = await upgraded()
  client.send(
    binary,
    connectFrame({ flags: 0x06, payload: Buffer.concat([text(name()), Buffer.from([0]), text(topic), text('will')]) }),
  )
  await client.next()
  client.send(textual, Buffer.from('hello'))
  expect(await client.closed()).toBe(1003)
  await watcher.message('will')
})

test('W1: frames that are wrong close with the code of RFC 6455', async () => {
  const wrong: [code: number, send: (client: RawWebSocket) => void][] = [
    [1002, (client) => client.send(binary, frame(0xc0), { masked: false })],
    [1002, (client) => client.send(binary, frame(0xc0), { reserved: 4 })],
    [1002, (client) => client.send(3, frame(0xc0))],
    [1002, (client) => client.send(continuation, frame(0xc0))],
    [1002, (client) => client.send(ping, Buffer.alloc(3), { final: false })],
    [1009, (client) => client.send(binary, Buffer.alloc(3), { length: 1n << 40n })],
    [1009, (client) => client.send(binary, Buffer.alloc(3), { length: (1n << 63n) + 5n })],
  ]
  for (const [code, send] of wrong) {
    const client = await connected()
    send(client)
    expect(await client.closed()).toBe(code)
  }
})

test('W1: frames of nothing cost nothing', async () => {
  const client = await connected()
  for (let sent = 0; sent < 100_000; sent++) client.send(binary, Buffer.alloc(0))
  client.send(binary, frame(0xc0))
  expect((await client.next())?.payload).toEqual(Buffer.from([0xd0, 0]))
})

test('W2: compression is not agreed to', async () => {
  const client = raw()
  expect(await client.upgrade([mqtt, 'Sec-WebSocket-Extensions: permessage-deflate'])).toBe(101)
  expect(client.head.toLowerCase()).not.toContain('permessage-deflate')
})

test('W3: a handshake without the subprotocol, or with headers that are none, is refused', async () => {
  const refused: [headers: string[], path?: string][] = [
    [[]],
    [['Sec-WebSocket-Protocol: soap']],
    [[`Sec-WebSocket-Protocol: ${' '.repeat(65_536)}`]],
    [['Sec-WebSocket-Protocol: mqtt,,mqtt']],
    [[mqtt, ...Array.from({ length: 2_001 }, (_, i) => `X-${i}: 1`)]],
    [[mqtt], '/'],
    [[mqtt, 'Sec-WebSocket-Version: 7']],
  ]
  for (const [headers, path] of refused) {
    const status = await raw().upgrade(headers, path)
    expect(status === 0 || (status >= 400 && status < 500), `${status} for ${String(headers).slice(0, 60)}`).toBe(true)
  }
  expect(await raw().upgrade([mqtt, '__proto__: x', 'constructor: x'])).toBe(101)
  const plain = raw()
  plain.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect((await plain.next()) ?? 'closed').toBeDefined()
})

test('a client of a WebSocket and one of TCP hear each other', async () => {
  const topic = name()
  const client = await connected()
  client.send(binary, frame(0x82, [0, 1, 0], text(topic), [0]))
  expect((await client.next())?.payload[0]).toBe(0x90)
  const publisher = await open({}, name(), 2)
  publisher.send(publish(topic, { payload: 'hello' }))
  expect((await client.next())?.payload.subarray(-5).toString()).toBe('hello')
})
