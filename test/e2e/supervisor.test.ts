import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Packet } from 'mqtt-packet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processesOf } from '../../tools/region/leftovers.ts'
import { freePorts } from '../../tools/region/ports.ts'
import { RawClient } from '../conformance/raw-client.ts'

const main = join(import.meta.dirname, '../../tools/region/main.ts')
const lasting = { clean: false, properties: { sessionExpiryInterval: 3_600 } }
let folder: string
let port: number
const supervisors: ChildProcess[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tern-supervisor-'))
  port = (await freePorts(1))[0] ?? 0
})
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) {
    const ended = supervisor.exitCode ?? supervisor.signalCode ?? once(supervisor, 'exit')
    supervisor.kill('SIGTERM')
    await ended
  }
  for (const pid of processesOf(folder)) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** `npm start`; resolves once the region is ready, with what it printed. */
async function start(): Promise<{ supervisor: ChildProcess; printed: string }> {
  const flags = ['--data', folder, '--port', String(port)]
  const supervisor = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  supervisors.push(supervisor)
  let printed = ''
  await new Promise<void>((resolve) => {
    supervisor.stdout.on('data', (piece) => {
      printed += piece
      if (printed.includes('runs until SIGTERM')) resolve()
    })
  })
  return { supervisor, printed }
}

async function killed(supervisor: ChildProcess): Promise<void> {
  supervisor.kill('SIGKILL')
  await once(supervisor, 'exit')
}

test('a supervisor that is killed takes its zones, its log and those who look on with it', async () => {
  const { supervisor } = await start()
  expect(processesOf(folder)).toHaveLength(6)
  await killed(supervisor)
  await expect.poll(() => processesOf(folder), { timeout: 3_000 }).toEqual([])
})

test('a region whose supervisor was killed starts again at once on its ports, with everything there, though a zone stood still', async () => {
  const { supervisor } = await start()
  const address = `127.0.0.1:${port}`
  const subscriber = await RawClient.open(address, 'sleeper', lasting)
  subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 's', qos: 1 }] })
  await subscriber.next('suback')
  subscriber.destroy()
  const publisher = await RawClient.open(address, 'publisher')
  const sent = Array.from({ length: 100 }, (_, i) => `message ${i}`)
  for (const [i, payload] of sent.entries())
    publisher.send({ cmd: 'publish', topic: 's', payload, qos: 1, dup: false, retain: false, messageId: i + 1 })
  await publisher.next('puback', ({ messageId }) => messageId === sent.length)
  const still = Number(readFileSync(join(folder, 'run', 'az-c.pid'), 'utf8'))
  process.kill(still, 'SIGSTOP')
  await killed(supervisor)

  const { printed } = await start()
  expect(printed).not.toContain('is busy')
  expect(printed).toContain(`mqtt://${address}`)
  const back = await RawClient.open(address, 'sleeper', lasting)
  expect(back.connack?.sessionPresent).toBe(true)
  const got: string[] = []
  const isNew = (packet: Packet) => packet.cmd === 'publish' && !got.includes(String(packet.payload))
  while (got.length < sent.length) {
    const { messageId = 0, payload } = await back.next('publish', isNew)
    back.send({ cmd: 'puback', messageId })
    got.push(String(payload))
  }
  expect(got).toEqual(sent)
  expect(processesOf(folder)).not.toContain(still)
  back.destroy()
})
