import { setTimeout as after } from 'node:timers/promises'
import { type Log, type LogSettings, openLog } from '@tern/log'
import { openControlLog } from '@tern/nameserver/testing'
import { silentLogger, systemClock } from '@tern/runtime'
import { connect, connectAsync, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ask } from '../../tools/kafka/control.ts'
import { zones } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'
import { ControlWatch } from './control-watch.ts'
import { kafkaSettings, untilInSync } from './kafka-settings.ts'

/** Longer than any silence after which somebody counts as dead. */
const watchedMs = 6_000
const messages = 40
const calmMs = 3_000

let settings: LogSettings
let region: Region
let log: Log

beforeAll(async () => {
  settings = kafkaSettings(inject('kafkaBootstrap'))
  region = await startRegion(settings)
  log = await openLog(settings, systemClock, silentLogger)
}, 120_000)
afterAll(async () => {
  await log?.close()
  await region?.stop()
})

/** A client with a session that lasts; it says whether its connection ever ended. */
async function client(clientId: string, at: number) {
  const closed: string[] = []
  const connected = await connectAsync(`mqtt://${region.addresses[at]}`, {
    ...{ clientId, clean: false, reconnectPeriod: 0, keepalive: 30 },
  })
  connected.on('close', () => closed.push(clientId))
  return { connected, closed }
}

/** A region that has just begun moves queues beside their leaders: whoever joins a new owner first has all that waits there. */
async function untilCalm(): Promise<void> {
  const control = await openControlLog(log, silentLogger)
  let changes = 0
  control.onChange(() => changes++)
  const changedLately = async () => {
    changes = 0
    await after(calmMs)
    return changes
  }
  await expect.poll(changedLately, { timeout: 60_000 }).toBe(0)
  control.stop()
}

/** Takes messages and does not acknowledge them before it is told to. */
function holding(member: MqttClient) {
  const held: { key: string; release: () => void }[] = []
  member.handleMessage = (packet: IPublishPacket, done) =>
    void held.push({ key: String(packet.payload), release: done })
  return held
}

test('while tern.control has no leader in Kafka no term, no route, no session and no lease is lost', async () => {
  await untilInSync(settings, 30_000)
  await untilCalm()
  const clients = await Promise.all([0, 1, 2].map((at) => client(`calm-${at}`, at)))
  const [publisher, ...members] = clients.map(({ connected }) => connected)
  const held = members.map(holding)
  for (const member of members) await member.subscribeAsync('$share/calm/lease/+', { qos: 1 })
  const publish = (from: number) =>
    Promise.all(
      Array.from({ length: messages }, (_, i) => publisher?.publishAsync(`lease/${i}`, `${from + i}`, { qos: 1 })),
    )
  // MQTT.js hands over one message at a time, so each member has one in its hands and the rest leased behind it.
  await publish(0)
  const idle = () => ({
    members: held.filter(({ length }) => length === 0).length,
    closed: clients.flatMap(({ closed }) => closed),
  })
  await expect.poll(idle, { timeout: 10_000 }).toEqual({ members: 0, closed: [] })

  const watch = await ControlWatch.on(log)
  await log.offsets('tern.control', [0])
  const leader = zones.indexOf(log.leaderZones?.('tern.control')[0] as (typeof zones)[number])
  expect(leader).toBeGreaterThanOrEqual(0)
  const began = performance.now()
  await ask(inject('kafkaControl'), 'kill', `${leader + 1}`)
  // All queues take messages again, with the node still away.
  await publish(messages)
  process.stdout.write(
    `appends again ${Math.round(performance.now() - began)} ms after the death of tern.control's leader\n`,
  )
  await after(watchedMs - (performance.now() - began))
  await log.offsets('tern.control', [0])
  expect(log.leaderZones?.('tern.control')[0]).not.toBe(zones[leader])
  const decided = watch.take()
  watch.stop()
  await ask(inject('kafkaControl'), 'restart', `${leader + 1}`)

  const keys = () => held.flat().map(({ key }) => Number(key))
  const released = new Set<unknown>()
  await expect
    .poll(
      () => {
        for (const each of held.flat()) if (!released.has(each)) released.add(each) && each.release()
        return keys().length
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThanOrEqual(2 * messages)
  await after(500)
  expect(decided).toEqual([])
  expect(clients.flatMap(({ closed }) => closed)).toEqual([])
  // Each once: no lease went to another member.
  expect(keys().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2 * messages }, (_, i) => i))
  await Promise.all(clients.map(({ connected }) => connected.endAsync(true)))
  const back = connect(`mqtt://${region.addresses[0]}`, { clientId: 'calm-1', clean: false })
  const connack = await new Promise<IConnackPacket>((resolve) => back.once('connect', resolve))
  expect(connack.sessionPresent).toBe(true)
  await back.endAsync(true)
})
