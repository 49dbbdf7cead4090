// The services of examples/, run as their first lines say, on a real region.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'

const execute = promisify(execFile)
const examples = join(import.meta.dirname, '../../examples')
let region: Region
let device: MqttClient
const services: ChildProcess[] = []

beforeAll(async () => {
  region = await startRegion()
  device = await connectAsync(`mqtt://${region.shared}`, { clientId: 'shop' })
})
afterEach(() => {
  for (const service of services.splice(0)) service.kill('SIGKILL')
})
afterAll(async () => {
  await device?.endAsync(true)
  await region?.stop()
})

/** Resolves with the first line that matches; rejects when the service ends before it. */
function serve(command: string, args: readonly string[]) {
  const service = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  services.push(service)
  let text = ''
  let look = () => {}
  service.stdout.on('data', (data: Buffer) => {
    text += data
    look()
  })
  const ended = new Promise<number | null>((resolve) => service.once('exit', resolve))
  const line = (pattern: RegExp) =>
    Promise.race([
      new Promise<string>((resolve) => {
        look = () => {
          const found = text.split('\n').find((each) => pattern.test(each))
          if (found !== undefined) resolve(found)
        }
        look()
      }),
      ended.then((code) => Promise.reject(new Error(`the service ended with ${code} after: ${text}`))),
    ])
  return { service, line, ended }
}

/** Subscribes to the topic; `message` resolves with the next one. */
async function listenTo(topic: string): Promise<Readonly<{ message: Promise<string> }>> {
  await device.subscribeAsync(topic, { qos: 1 })
  const message = new Promise<string>((resolve) => {
    device.on('message', (name: string, payload: Buffer) => {
      if (name === topic) resolve(payload.toString())
    })
  })
  return { message }
}

async function takesOrders(name: string, command: string, args: readonly string[]) {
  const { service, line, ended } = serve(command, args)
  await line(/waiting for/)
  const invoice = await listenTo(`orders/${name}/invoice`)
  await device.publishAsync(`orders/${name}/created`, JSON.stringify({ total: 42 }), { qos: 1 })
  expect(JSON.parse(await invoice.message)).toEqual({ order: name, total: 42 })
  await line(new RegExp(`orders/${name}/created: invoice \\d+-\\d+`))
  service.kill('SIGTERM')
  expect(await ended).toBe(0)
}

test('the service in TypeScript invoices orders of MQTT devices, and ends in order', async () => {
  await takesOrders('typescript', process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(examples, 'typescript/orders.ts'),
    region.plan.api,
  ])
})

test('the service in Python does, too', async () => {
  const folder = join(examples, 'python')
  await execute(join(folder, 'setup.sh'))
  await takesOrders('python', join(folder, 'venv/bin/python'), [join(folder, 'orders.py'), region.plan.api])
})

test('the service in Go streams readings, and each is stored', async () => {
  const folder = join(examples, 'go')
  await execute(join(folder, 'setup.sh'))
  let arrived = 0
  device.on('message', (topic: string) => {
    if (topic.startsWith('sensors/')) arrived++
  })
  await device.subscribeAsync('sensors/#', { qos: 1 })
  const { stdout } = await execute(join(folder, 'bin/temperatures'), [region.plan.api, '2000'])
  expect(stdout).toBe('2000 stored\n')
  await expect.poll(() => arrived).toBe(2_000)
})
