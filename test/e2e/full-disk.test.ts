import { setTimeout as after } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { freePorts } from '../../tools/region/ports.ts'
import { check } from '../failure/checker.ts'
import { Device } from '../failure/device.ts'
import { History } from '../failure/history.ts'
import { runService, type Service } from '../support/service.ts'
import { type SmallDisk, smallDisk } from '../support/small-disk.ts'

const publisherCount = 4
const windowMax = 20
const quietMs = 1_500
const logMain = 'libs/log/src/embedded/main.ts'
const running: Service[] = []
let disk: SmallDisk | undefined
const devices: Device[] = []

afterEach(async () => {
  for (const device of devices.splice(0)) device.stop()
  for (const service of running) service.process.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ ended }) => ended))
  disk?.remove()
})

function run(main: string, flags: readonly string[], env: Record<string, string>): Service {
  const service = runService(main, flags, env)
  running.push(service)
  return service
}

/** A log on a small disk, and what serves clients from it. */
async function start(folder: string) {
  const [logPort, mqttPort, webSocketPort] = await freePorts(3)
  const flags = ['--listen', `127.0.0.1:${logPort}`, '--data', folder]
  const startLog = () => run(logMain, flags, { TERN_LOG_SEGMENT_BYTES: String(256 * 1024) })
  const log = startLog()
  const common = { TERN_ZONE: 'az-a', TERN_LOG: await log.ready }
  const nameserver = run('services/nameserver/src/main.ts', ['--listen', '127.0.0.1:0'], common)
  const region = { ...common, TERN_NAMESERVERS: await nameserver.ready }
  const broker = run('services/broker/src/main.ts', ['--listen', '127.0.0.1:0'], region)
  await broker.ready
  const proxy = run(
    'services/proxy/src/main.ts',
    ['--mqtt', `127.0.0.1:${mqttPort}`, '--websocket', `127.0.0.1:${webSocketPort}`, '--api', ''],
    region,
  )
  return { log, startLog, others: [nameserver, broker, proxy], address: await proxy.ready }
}

function device(clientId: string, address: string, history: History, filters: readonly string[] = []): Device {
  const subscriptions = filters.map((filter) => ({ filter, qos: 2 as const }))
  const made = new Device({ clientId, addresses: [address], history, subscriptions, windowMax })
  devices.push(made)
  return made
}

/** What a service wrote about troubles. */
const troubles = (service: Service) => service.lines().filter((line) => !line.includes('"level":"info"'))

test('a full disk holds publishers back and says so once; with room again all goes on, and nothing acknowledged is lost', {
  timeout: 60_000,
}, async () => {
  disk = smallDisk()
  const { log, startLog, others, address } = await start(disk.folder)
  const history = new History()
  const subscriber = device('sub', address, history, ['full/+'])
  const sleeper = device('sleeper', address, history, ['full/+'])
  const publishers = Array.from({ length: publisherCount }, (_, i) => device(`pub-${i}`, address, history))
  await Promise.all([subscriber, sleeper, ...publishers].map((each) => each.start()))
  await sleeper.goOffline()
  const pump = setInterval(() => {
    for (const [i, each] of publishers.entries()) each.publish(`full/${i}`, i % 2 === 0 ? 1 : 2)
  }, 2)
  const acknowledged = () => check(history.entries).counts.acknowledged
  await expect.poll(acknowledged).toBeGreaterThan(200)

  disk.fill()
  // What was made ready before still takes some; then no window moves any more.
  const stuck = () => publishers.every(({ unacknowledged }) => unacknowledged === windowMax)
  const stands = async () => {
    const before = acknowledged()
    await after(quietMs)
    return stuck() && acknowledged() === before
  }
  await expect.poll(stands, { timeout: 30_000 }).toBe(true)
  const told = log.lines().filter((line) => line.includes('appends are refused until there is room'))
  expect(told).toHaveLength(1)
  expect(told[0]).toContain('the disk has no room for the log')
  // Once for each queue and its state, not for each attempt.
  for (const each of others) expect(troubles(each).length).toBeLessThanOrEqual(2 * 12)
  expect(others.map((each) => each.process.exitCode)).toEqual(others.map(() => null))
  const closed = history.entries.filter((entry) => entry.kind === 'closed' && entry.actor !== 'sleeper')
  expect(closed).toEqual([])

  disk.free()
  const before = acknowledged()
  await expect.poll(acknowledged, { timeout: 15_000 }).toBeGreaterThan(before + 200)
  expect(log.lines().filter((line) => line.includes('the disk takes appends again'))).toHaveLength(1)
  clearInterval(pump)
  await Promise.all(publishers.map((each) => each.until(() => each.unacknowledged === 0)))
  // What is on the disk is whole: a log that starts from it serves it to one that was away.
  log.process.kill('SIGKILL')
  await log.ended
  await startLog().ready
  await sleeper.comeBack()
  await expect.poll(() => check(history.entries).violations.slice(0, 5), { timeout: 15_000 }).toEqual([])
})
