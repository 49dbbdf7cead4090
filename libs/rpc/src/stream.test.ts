import { nameserver } from '@tern/proto'
import type { Duplex } from '@tern/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { acceptStream, dialStream, startServer } from './index.ts'

type Server = Duplex<nameserver.RegisterResponse, nameserver.RegisterRequest>
const { register } = nameserver.NameserverServiceService
const beat: nameserver.RegisterRequest = {
  message: { $case: 'heartbeat', value: { serving: [], logSilentMs: 0, clients: 0 } },
}

async function served(accept: (stream: Server) => void): Promise<string> {
  const handle: nameserver.NameserverServiceServer['register'] = (call) => accept(acceptStream(call))
  const server = await startServer('127.0.0.1:0', [{ definition: { register }, implementation: { register: handle } }])
  onTestFinished(() => server.stop())
  return server.address
}

test('a stream that the server ends at once is over for the client, too', async () => {
  const address = await served((stream) => {
    stream.listen({ frame() {}, end() {} })
    stream.end()
  })
  const reason = await new Promise<string>((resolve) => {
    const stream = dialStream(address, register)
    stream.listen({ frame() {}, end: resolve })
    stream.send(beat)
  })
  expect(reason).toContain('ended by the server')
})

test('a stream that the server ends later is over for the client, too', async () => {
  const address = await served((stream) => stream.listen({ frame: () => stream.end(), end() {} }))
  const reason = await new Promise<string>((resolve) => {
    const stream = dialStream(address, register)
    stream.listen({ frame() {}, end: resolve })
    stream.send(beat)
  })
  expect(reason).toContain('ended by the server')
})

test('a stream that the client ends is over for the server', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const address = await served((stream) => {
    stream.listen({ frame: () => stream.send({ message: undefined }), end: resolve })
  })
  const stream = dialStream<nameserver.RegisterRequest, nameserver.RegisterResponse>(address, register)
  stream.listen({ frame: () => stream.end(), end() {} })
  stream.send(beat)
  expect(await promise).toMatch(/cancelled|closed|ended/)
})

test('an address where nobody listens is refused', async () => {
  const refused = await new Promise<boolean>((resolve) => {
    const stream = dialStream('127.0.0.1:1', register)
    stream.listen({ frame() {}, end: (_, was) => resolve(was) })
    stream.send(beat)
  })
  expect(refused).toBe(true)
})
