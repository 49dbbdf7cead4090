import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, expect, test } from 'vitest'
import { freePorts } from '../../tools/region/ports.ts'
import { runService, type Service } from '../support/service.ts'

const running: Service[] = []
const folders: string[] = []
afterEach(async () => {
  for (const service of running) service.process.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ ended }) => ended))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function run(main: string, flags: readonly string[], env: Record<string, string> = {}): Service {
  const service = runService(main, flags, env)
  running.push(service)
  return service
}

test('each service runs alone from its own main.ts, and together they serve', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tern-services-'))
  folders.push(folder)
  const [port, webSocketPort] = await freePorts(2)
  const log = await run('libs/log/src/embedded/main.ts', ['--listen', '127.0.0.1:0', '--data', folder]).ready
  const common = { TERN_ZONE: 'az-a', TERN_LOG: log }
  const nameserver = run('services/nameserver/src/main.ts', ['--listen', '127.0.0.1:0'], common)
  const region = { ...common, TERN_NAMESERVERS: await nameserver.ready }
  await run('services/broker/src/main.ts', ['--listen', '127.0.0.1:0'], region).ready
  const webSocket = ['--websocket', `127.0.0.1:${webSocketPort}`, '--api', '']
  const proxy = run('services/proxy/src/main.ts', ['--mqtt', `127.0.0.1:${port}`, ...webSocket], region)
  const address = await proxy.ready
  const subscriber = await connectAsync(`mqtt://${address}`, { clientId: 'alone-sub' })
  const received = new Promise<string>((resolve) => subscriber.on('message', (_, payload) => resolve(String(payload))))
  await subscriber.subscribeAsync('alone/+', { qos: 1 })
  const publisher = await connectAsync(`ws://127.0.0.1:${webSocketPort}/mqtt`, { clientId: 'alone-pub' })
  await publisher.publishAsync('alone/x', 'hello', { qos: 2 })
  expect(await received).toBe('hello')
  await Promise.all([subscriber.endAsync(true), publisher.endAsync(true)])
  proxy.process.kill('SIGTERM')
  expect((await proxy.ended).code).toBe(0)
})

test('services may be started in any order: each waits for what it needs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tern-services-'))
  folders.push(folder)
  const [port, nameserverPort, logPort] = await freePorts(3)
  const [nameserver, log] = [`127.0.0.1:${nameserverPort}`, `127.0.0.1:${logPort}`]
  const env = { TERN_ZONE: 'az-a', TERN_NAMESERVERS: nameserver, TERN_LOG: log }
  const proxy = run('services/proxy/src/main.ts', ['--mqtt', `127.0.0.1:${port}`, '--websocket', '', '--api', ''], env)
  const first = run('services/nameserver/src/main.ts', ['--listen', nameserver], env)
  run('services/broker/src/main.ts', ['--listen', '127.0.0.1:0'], env)
  await run('libs/log/src/embedded/main.ts', ['--listen', log, '--data', folder]).ready
  expect(await Promise.race([first.ready, first.ended])).toBe(nameserver)
  expect(await Promise.race([proxy.ready, proxy.ended])).toBe(`127.0.0.1:${port}`)
})

test('wrong settings of a broker or proxy end with exit code 2 and a sentence each', async () => {
  const broker = await run('services/broker/src/main.ts', ['--listen', '127.0.0.1:abc'], { TERN_ZONE: 'az-a' }).ended
  expect(broker.code).toBe(2)
  expect(broker.stderr).toMatch(/--listen is "127\.0\.0\.1:abc"; give /)
  const proxy = await run('services/proxy/src/main.ts', [
    '--zone',
    'z',
    '--nameservers',
    'n:1',
    '--mqtt',
    '0.0.0.0:1883',
  ]).ended
  expect(proxy.code).toBe(2)
  expect(proxy.stderr).toMatch(/"0\.0\.0\.0:1883" can be reached from other machines .*--allow-anonymous/)
})

test('a port that is taken is said plainly, with exit code 1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tern-services-'))
  folders.push(folder)
  const log = await run('libs/log/src/embedded/main.ts', ['--listen', '127.0.0.1:0', '--data', folder]).ready
  const flags = ['--zone', 'z', '--nameservers', '127.0.0.1:1', '--log', log, '--listen', log]
  const { code, stderr } = await run('services/broker/src/main.ts', flags).ended
  expect(code).toBe(1)
  expect(stderr).toContain(`cannot serve on ${log}: another process listens there`)
})
