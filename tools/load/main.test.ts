import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('somebody there who speaks no MQTT is said, and not tried for ever', async () => {
  const server = createServer((socket) => void socket.once('data', () => socket.destroy()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const main = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts'), '--addr', address]
  const load = spawn(process.execPath, main, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  load.stderr.on('data', (piece) => (stderr += piece))
  const [code] = await once(load, 'close')
  server.close()
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`cannot connect to ${address}: `) })
})
