import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { seedsOf } from './seeds.ts'

const { Kafka, logLevel } = kafkajs
const retry = { retries: 0 }
/** Containers often have no IPv6. */
const loopbacks = ['127.0.0.1', '::1'].filter((host) =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === host)),
)

test.each(loopbacks)('kafkajs connects to a node at %s', async (host) => {
  const server = createServer((socket) => socket.destroy())
  const connected = once(server, 'connection')
  await once(server.listen(0, host), 'listening')
  const { port } = server.address() as AddressInfo
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const admin = new Kafka({ ...seedsOf([address]), retry, logLevel: logLevel.NOTHING }).admin()
  const failure = await admin.connect().catch((error: Error) => error.message)
  server.close()
  expect(failure).not.toMatch(/ENOTFOUND|ECONNREFUSED/)
  await connected
})

test('names and IPv4 addresses are told as they are', () => {
  const bootstrap = ['k-1.example.org:9092', '127.0.0.1:9093']
  expect(seedsOf(bootstrap).brokers).toEqual(bootstrap)
})
