// A broker with small quotas, so that a client can meet them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../tools/region/ports.ts'
import { runService, type Service } from '../support/service.ts'
import { RawClient, type Version } from './raw-client.ts'

const services: Service[] = []
const clients: RawClient[] = []
let folder: string
let mqtt: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tern-quotas-'))
  const [port, webSocketPort] = await freePorts(2)
  const run = (main: string, flags: readonly string[], env = {}): Promise<string> => {
    const service = runService(main, flags, env)
    services.push(service)
    return service.ready
  }
  const anyPort = ['--listen', '127.0.0.1:0']
  const log = await run('libs/log/src/embedded/main.ts', [...anyPort, '--data', folder])
  const common = { TERN_ZONE: 'az-a', TERN_LOG: log }
  const nameserver = await run('services/nameserver/src/main.ts', [...anyPort, '--queues', '1'], common)
  const region = { ...common, TERN_NAMESERVERS: nameserver }
  await run(
    'services/broker/src/main.ts',
    [...anyPort, '--sessions-max', '5', '--retained-max', '3', '--groups-max', '2'],
    region,
  )
  const listen = ['--mqtt', `127.0.0.1:${port}`, '--websocket', `127.0.0.1:${webSocketPort}`, '--api', '']
  mqtt = await run('services/proxy/src/main.ts', [...listen, '--connections-max', '20'], region)
}, 60_000)
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})
afterAll(async () => {
  for (const service of services) service.process.kill('SIGKILL')
  await Promise.all(services.map(({ ended }) => ended))
  rmSync(folder, { recursive: true, force: true })
})

async function open(clientId: string, sessionExpiryInterval = 0, protocolVersion: Version = 5): Promise<RawClient> {
  const lasting = protocolVersion === 5 ? { properties: { sessionExpiryInterval } } : {}
  const client = await RawClient.open(mqtt, clientId, { clean: false, protocolVersion, ...lasting })
  clients.push(client)
  return client
}

test('sessions beyond the quota are refused with 0x97 and 3, those that are there go on, and an end makes room (C8)', async () => {
  const others = await Promise.all(Array.from({ length: 5 }, (_, i) => open(`lasting-${i}`, 0xffff_ffff)))
  for (const client of others) expect(client.connack?.reasonCode).toBe(0)
  expect((await open('one-more', 0xffff_ffff)).connack?.reasonCode).toBe(0x97)
  expect((await open('one-more', 0, 4)).connack?.returnCode).toBe(3)
  await others[0]?.alive()
  expect((await open('lasting-4', 60)).connack).toMatchObject({ reasonCode: 0, sessionPresent: true })
  others[1]?.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
  await others[1]?.closed()
  await expect.poll(async () => (await open('one-more', 1)).connack?.reasonCode).toBe(0)
})

test('filters whose wildcards stand at ever other levels are refused with 0x97, before MQTT 5 with 0x80 (S4)', async () => {
  const shapesMax = 64
  const filters = Array.from({ length: shapesMax + 1 }, (_, n) =>
    Array.from({ length: 30 }, (_, at) => (((n + 1) >> at) & 1 ? '+' : 'a')).join('/'),
  )
  for (const [protocolVersion, refusal] of [[5, 0x97] as const, [4, 0x80] as const]) {
    const client = await open('lasting-2', 60, protocolVersion)
    const subscriptions = filters.map((topic) => ({ topic, qos: 1 }) as const)
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
    const { granted } = await client.next('suback')
    expect(granted).toEqual([...Array<number>(shapesMax).fill(1), refusal])
    expect(await client.subscribe('a/a/a/a/a/a/a/+', 1)).toBe(refusal)
    expect(await client.subscribe(`${filters[0]}/b`, 1)).toBe(1)
  }
})

test('shared subscriptions beyond the quota are refused with 0x97, before MQTT 5 with 0x80; who comes to one that is there is let in', async () => {
  const [lasting, old] = [await open('lasting-2', 60), await open('lasting-3', 60, 4)]
  expect(await lasting.subscribe('$share/one/+', 1)).toBe(1)
  expect(await old.subscribe('$share/two/+', 1)).toBe(1)
  expect(await lasting.subscribe('$share/three/+', 1)).toBe(0x97)
  expect(await old.subscribe('$share/three/+', 1)).toBe(0x80)
  expect(await old.subscribe('$share/one/+', 1)).toBe(1)
  // What was refused was not kept: it is no member of anything when it comes back.
  lasting.destroy()
  const again = await open('lasting-2', 60)
  expect(again.connack?.sessionPresent).toBe(true)
  again.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['$share/one/+', '$share/three/+'] })
  expect(await again.next('unsuback')).toMatchObject({ granted: [0, 0x11] })
})

test('a retained message of a topic beyond the quota is refused with 0x97, before MQTT 5 by closing; the others change and go (P8)', async () => {
  const client = await open('lasting-2', 60)
  let messageId = 0
  const publish = async (topic: string, payload: string, qos: 1 | 2 = 1) => {
    client.send({ cmd: 'publish', topic, payload, qos, retain: true, dup: false, messageId: ++messageId })
    return (await client.next(qos === 1 ? 'puback' : 'pubrec', (packet) => packet.messageId === messageId)).reasonCode
  }
  for (const topic of ['r/1', 'r/2', 'r/3']) expect(await publish(topic, 'first')).toBe(0)
  expect(await publish('r/4', 'more')).toBe(0x97)
  expect(await publish('r/4', 'more', 2)).toBe(0x97)
  expect(await publish('r/1', 'second')).toBe(0)
  const older = await open('lasting-3', 60, 4)
  const more = { cmd: 'publish', topic: 'r/4', payload: 'more', retain: true, dup: false } as const
  older.send({ ...more, qos: 1, messageId: 1 })
  expect(await older.closed()).toBeUndefined()
  const careless = await open('lasting-3', 60)
  careless.send({ ...more, qos: 0 })
  expect(await careless.closed()).toBe(0x97)
  expect(await publish('r/2', '')).toBe(0)
  expect(await publish('r/5', 'fits')).toBe(0)
  const reader = await open('lasting-4', 60)
  await reader.subscribe('r/#', 1)
  await reader.message('fits')
  await reader.alive()
  expect(reader.messages.map(({ topic, payload }) => `${topic} ${payload}`).sort()).toEqual([
    'r/1 second',
    'r/3 first',
    'r/5 fits',
  ])
})

test('connections beyond the quota are closed at once, and let in when others have gone (F12)', async () => {
  const silent = Array.from({ length: 20 }, () => new RawClient(mqtt))
  clients.push(...silent)
  const [first, ...others] = silent
  first?.connect('lasting-2', { clean: false })
  await first?.next('connack')
  const late = new RawClient(mqtt)
  clients.push(late)
  await late.closed()
  expect(late.bytesRead).toBe(0)
  await first?.alive()
  for (const client of others) client.destroy()
  await expect.poll(async () => (await open('lasting-3', 60).catch(() => undefined))?.connack?.reasonCode).toBe(0)
})
