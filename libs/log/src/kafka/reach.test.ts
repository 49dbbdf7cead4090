import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { silentLogger, systemClock } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import { reach } from './reach.ts'

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** Somebody who treats what is sent to him so; resolves with host:port. */
async function listening(onRequest: (socket: Socket, request: Buffer) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('data', (request) => onRequest(socket, request)).on('error', () => {})
  })
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** To a Metadata request: a cluster without nodes and topics. */
function answer(socket: Socket, request: Buffer): void {
  const correlation = request.subarray(8, 12)
  const [noTags, noThrottle, noNodes, noName, noController, noTopics] = ['00', '00000000', '01', '00', 'ffffffff', '01']
  const body = Buffer.from([noTags, noThrottle, noNodes, noName, noController, noTopics, noTags].join(''), 'hex')
  const length = Buffer.alloc(4)
  length.writeInt32BE(correlation.length + body.length)
  socket.write(Buffer.concat([length, correlation, body]))
}

const optionsFor = (bootstrap: readonly string[]) => ({ bootstrap, clock: systemClock, logger: silentLogger })

test('who answers comes first, though somebody named before him stands still', async () => {
  const still = await listening(() => {})
  const well = await listening(answer)
  expect(await reach(optionsFor([still, well]))).toEqual([well, still])
})

test('who closes every connection is refused at once, with what he may want', async () => {
  const closing = await listening((socket) => void socket.destroy())
  await expect(reach(optionsFor([closing]))).rejects.toMatchObject({
    failure: 'refused',
    message: `Kafka at ${closing}: it closed the connection without an answer: its listener may want TLS, which takes --kafka-tls, or a login, which takes --kafka-sasl`,
  })
})

test('an address where nobody is does no harm while another answers', async () => {
  const well = await listening(answer)
  expect(await reach(optionsFor(['127.0.0.1:1', well]))).toEqual([well, '127.0.0.1:1'])
})

test('where nobody is for long, that is said', { timeout: 10_000 }, async () => {
  await expect(reach(optionsFor(['127.0.0.1:1']))).rejects.toMatchObject({
    failure: 'unknown',
    message:
      'no Kafka answers at 127.0.0.1:1 (connect ECONNREFUSED 127.0.0.1:1); start it, or give the right addresses by --kafka-bootstrap',
  })
})
