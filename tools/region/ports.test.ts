import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePorts, loopback, portsOrFree } from './ports.ts'

test('no port is given twice, whatever chance draws', async () => {
  const [first = 0, second = 0] = await freePorts(2)
  const draws = [first, first, first, second]
  expect(await freePorts(2, () => draws.shift() ?? 0)).toEqual([first, second])
})

test('a wanted port is taken when it is free, and another one when it is not', async () => {
  const [free = 0, busy = 0, other = 0] = await freePorts(3)
  const server = createServer().listen(busy, loopback)
  await new Promise((resolve) => server.once('listening', resolve))
  expect(await portsOrFree([free, busy], () => other)).toEqual([free, other])
  server.close()
})
