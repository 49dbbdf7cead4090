import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { region as dev } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Plan, planRegion } from './plan.ts'
import { Supervisor } from './supervisor.ts'

/** Stands in for a zone: says that it serves, and lives until it is ended. */
const emptyZone = () => ['-e', "process.send('serving'); setInterval(() => {}, 1000)"]
let plan: Plan
let region: Supervisor

beforeEach(async () => {
  plan = await planRegion(mkdtempSync(join(tmpdir(), 'tern-supervisor-')), 0)
  region = new Supervisor(plan, undefined, { zone: emptyZone })
  await region.start()
})
afterEach(async () => {
  await region.stop()
  rmSync(plan.folder, { recursive: true })
})

const listens = (address: string) =>
  new Promise<boolean>((resolve) => {
    const [host = '', port] = address.split(':')
    const socket = connect({ host, port: Number(port) })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

test('a started region has a log that answers and a process id file for each process', async () => {
  expect(await listens(plan.log ?? '')).toBe(true)
  expect(readdirSync(join(plan.folder, 'run')).sort()).toEqual([
    'az-a.pid',
    'az-b.pid',
    'az-c.pid',
    'log.pid',
    'nameservers',
    'region.pid',
  ])
})

test('a second region on the same folder is refused, and told who has it', () => {
  expect(() => new Supervisor(plan, undefined, { zone: emptyZone })).toThrow(
    `in use by a region with process id ${process.pid}`,
  )
})

test('a region that stopped leaves nothing running and its folder free', async () => {
  await region.stop()
  expect(await listens(plan.log ?? '')).toBe(false)
  expect(existsSync(join(plan.folder, 'run', 'region.pid'))).toBe(false)
})

test('after everything was killed, everything starts again on the same data', async () => {
  await region.killAll()
  expect(await listens(plan.log ?? '')).toBe(false)
  await region.start()
  expect(await listens(plan.log ?? '')).toBe(true)
  expect(region.keepers.map(({ phase }) => phase)).toEqual(['ready', 'ready', 'ready', 'ready'])
})

test('Prometheus finds every process of the region', () => {
  const targets = JSON.parse(readFileSync(join(plan.folder, 'metrics-targets.json'), 'utf8'))
  expect(targets.map(({ labels }: { labels: { process: string } }) => labels.process)).toEqual([
    ...['az-a', 'az-b', 'az-c'],
    ...['log', 'trace', 'messages', 'console'],
  ])
  expect(targets[0].targets).toEqual([plan.zones[0]?.metrics])
})

test('who reads region.json can kill a zone, see it held down, and heal it', async () => {
  const { control } = JSON.parse(readFileSync(join(plan.folder, 'region.json'), 'utf8')) as Plan
  const client = connectClient(control)
  const { killZone, healZone, listProcesses } = dev.RegionServiceService
  const phases = async () => {
    const { processes } = await unaryCall(client, listProcesses, {}, 5_000)
    return Object.fromEntries(processes.map(({ name, phase }) => [name, phase]))
  }
  await unaryCall(client, killZone, { zone: 'az-b' }, 5_000)
  expect(await phases()).toEqual({ log: 'ready', 'az-a': 'ready', 'az-b': 'held down', 'az-c': 'ready' })
  await unaryCall(client, healZone, { zone: 'az-b' }, 5_000)
  expect((await phases())['az-b']).toBe('ready')
  await expect(unaryCall(client, killZone, { zone: 'az-x' }, 5_000)).rejects.toThrow('the zones are az-a, az-b, az-c')
  client.close()
})
