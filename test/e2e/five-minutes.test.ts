// The README's five minutes, command by command.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { ternOn } from '../support/tern.ts'

const execute = promisify(execFile)
let region: Region
let tern: ReturnType<typeof ternOn>
let hello = ''

beforeAll(async () => {
  region = await startRegion(undefined, { onlookers: ['trace', 'console'] })
  tern = ternOn(region.plan.folder)
})
afterAll(async () => {
  tern?.endAll()
  await region?.stop()
})

test('status shows three zones, all well, and doctor finds nothing', async () => {
  const { out, exit } = await tern.run('status')
  expect(exit).toBe(0)
  for (const zone of ['a', 'b', 'c']) expect(out).toMatch(new RegExp(`az-${zone} +broker-${zone} +healthy`))
  expect(await tern.run('doctor')).toMatchObject({ exit: 0 })
})

test('what tern publishes, tern sub shows', async () => {
  const sub = tern.follow('sub', 'demo/#')
  await sub.line(/subscribed demo\/#/)
  const { out } = await tern.run('pub', 'demo/hello', '-m', 'hi')
  const [, messageId = ''] = /^stored (\d+-\d+) {2}queue \d+ offset \d+ {2}[\d.]+ ms/.exec(out) ?? []
  hello = messageId
  expect(await sub.line(/demo\/hello/)).toContain('hi')
  await execute('mosquitto_pub', [
    '-p',
    region.addresses[2]?.split(':')[1] ?? '',
    '-t',
    'demo/hello',
    '-m',
    'from mosquitto',
  ])
  expect(await sub.line(/from mosquitto/)).toMatch(/demo\/hello/)
  sub.end()
})

test('curl publishes a raw body, and gets the address where it is stored', async () => {
  const { stdout } = await execute('curl', [
    '-s',
    `http://${region.plan.api}/v1/topics/demo/hello/messages`,
    '-d',
    'from curl',
  ])
  expect(JSON.parse(stdout)).toMatchObject({
    messageId: expect.stringMatching(/^\d+-\d+$/),
    position: expect.anything(),
  })
})

test('buf curl subscribes by reflection, from the earliest message', async () => {
  const open = { topicFilters: ['demo/#'], start: { anchor: 'ANCHOR_EARLIEST' }, ackMode: 'ACK_MODE_AUTO' }
  const child = execFile('npx', [
    ...['buf', 'curl', '--http2-prior-knowledge', '--protocol', 'grpc', '-d', JSON.stringify({ open })],
    `http://${region.plan.api}/tern.v1.MessagingService/Subscribe`,
  ])
  const said = new Promise<string>((resolve) => {
    let text = ''
    child.stdout?.on('data', (data: string) => {
      text += data
      if (text.includes(Buffer.from('hi').toString('base64'))) resolve(text)
    })
  })
  expect(await said).toContain(`"${hello}"`)
  child.kill()
})

test('the trace of the message shows how it went, and why says that it was delivered', async () => {
  const { out } = await tern.run('trace', hello)
  expect(out).toMatch(/publish/)
  expect(out).toMatch(/append/)
  expect(out).toMatch(/deliver/)
  const why = await tern.run('why', hello, 'nobody-of-that-name')
  expect(why.out).toContain('nobody-of-that-name')
})

test('a fleet drives, a zone dies under it, and what that cost is told', async () => {
  const fleet = tern.follow('simulate', 'fleet', '--cars', '60', '--rate', '200')
  await fleet.line(/60 cars connected/)
  const killed = await tern.run('zones', 'kill', 'az-c')
  expect(killed.error).toContain('az-c: killed')
  expect(killed.out).toMatch(/noticed after [\d.]+ s, \d+ queues served again after [\d.]+ s/)
  const { out } = await tern.run('zones', 'heal', 'az-c')
  expect(out).toMatch(/az-c: ready in [\d.]+ s/)
  const { out: events } = await tern.run('events')
  expect(events).toMatch(/recovered/)
  fleet.end()
})

test('commands answer soon', async () => {
  const times: number[] = []
  for (let i = 0; i < 5; i++) times.push((await tern.run('zones', 'ls')).tookMs)
  // The goal is 300 ms on a quiet machine; tests share theirs.
  expect(times.sort((a, b) => a - b)[2]).toBeLessThan(3_000)
})

test('bench says whether anything was lost', async () => {
  const { exit, out } = await tern.run('bench', '--rate', '200', '--secs', '1')
  expect(out).toMatch(/lost 0\b/)
  expect(exit).toBe(0)
})
