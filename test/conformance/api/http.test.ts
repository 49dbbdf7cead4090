// Rows H2 and H3 of the bad input, as they come by HTTP/1.1.
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  type Attacked,
  attackedApi,
  drainPath,
  memoryGrowth,
  publishPath,
  rawSocket,
  stillServes,
} from './attacked-api.ts'

type Answer = Readonly<{ status: number; text: string; reason: string }>

async function post(attacked: Attacked, path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(`http://${attacked.address}${path}`, {
    method: 'POST',
    body: body as never,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return answerOf(response.status, await response.text())
}

function answerOf(status: number, text: string): Answer {
  let reason = ''
  try {
    reason = JSON.parse(text).details[0].debug.reason
  } catch {
    reason = ''
  }
  return { status, text, reason }
}

/** One request of raw bytes; the connection is closed by the server, or by us once it has answered. */
async function raw(attacked: Attacked, request: string | Buffer): Promise<string> {
  const { socket, received, closed } = rawSocket(attacked)
  socket.write(request)
  await Promise.race([closed, expect.poll(() => received().includes('\r\n\r\n'), { timeout: 5_000 }).toBe(true)])
  return received().toString('latin1')
}

const gzip = { 'content-encoding': 'gzip' }

test.each([
  ['gzip that is none', 'hello', gzip, 400, 'MESSAGE_MALFORMED'],
  ['gzip cut short', gzipSync('{"zone":"az-a"}').subarray(0, 15), gzip, 400, 'MESSAGE_MALFORMED'],
  ['a bomb of gzip', gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20)), gzip, 413, 'MESSAGE_TOO_LARGE'],
  ['an unknown packing', '{}', { 'content-encoding': 'snappy' }, 415, 'ENCODING_UNKNOWN'],
  ['text that is no JSON', '{"zone":', {}, 400, 'MESSAGE_MALFORMED'],
  ['JSON that is no object', '[]', {}, 400, 'MESSAGE_MALFORMED'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, 400, 'MESSAGE_MALFORMED'],
  ['a number for a text', '{"zone":7}', {}, 400, 'FIELD_INVALID'],
  ['a field that there is not', '{"zoen":"az-a"}', {}, 400, 'FIELD_UNKNOWN'],
  ['__proto__ for a field', '{"__proto__":{"zone":"az-a"}}', {}, 400, 'FIELD_UNKNOWN'],
  ['constructor for a field', '{"constructor":{"prototype":{"x":1}}}', {}, 400, 'FIELD_UNKNOWN'],
  ['a field given twice', '{"zone":"a","zone":"b"}', {}, 400, 'MESSAGE_MALFORMED'],
  ['brackets in brackets, 100,000 of them', `{"zone":${'['.repeat(100_000)}`, {}, 400, 'MESSAGE_MALFORMED'],
  ['a body that is too large', ' '.repeat(7 * 1024 * 1024), {}, 413, 'MESSAGE_TOO_LARGE'],
  ['a type that is not read', '{}', { 'content-type': 'text/html' }, 415, 'CONTENT_TYPE_UNKNOWN'],
  ['a deadline that is none', '{}', { 'connect-timeout-ms': '-1' }, 400, 'METADATA_INVALID'],
] as const)('%s is refused with its reason', async (_, body, headers, status, reason) => {
  const attacked = await attackedApi()
  const grown = await memoryGrowth(async () => {
    expect(await post(attacked, drainPath, body, headers)).toMatchObject({ status, reason })
  })
  expect(grown).toBeLessThan(128)
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test('depth that the contract cannot have is refused by the contract, not by the stack', async () => {
  const attacked = await attackedApi()
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
  expect(await post(attacked, publishPath, deep)).toMatchObject({ status: 400 })
  await stillServes(attacked)
})

test('JSON may be as large as the largest message in base64', async () => {
  const attacked = await attackedApi()
  const payload = Buffer.alloc(3 * 1024 * 1024).toString('base64')
  expect(await post(attacked, publishPath, `{"messages":[{"topic":"a","payload":"${payload}"}]}`)).toMatchObject({
    status: 200,
  })
})

test.each([
  '/../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '//tern.v1.ClusterService/Drain',
  '/tern.v1.ClusterService/Drain/',
  '/tern.v1.ClusterService/../ClusterService/Drain',
  '/tern.v1.ClusterService%2fDrain',
  '/tern.v1.ClusterService/drain',
  '/__proto__',
  '/constructor/prototype',
  '/%00',
  '/%',
  `/${'x'.repeat(17_000)}`,
  'http://elsewhere.example/tern.v1.ClusterService/Drain',
])('path %s leads nowhere', async (path) => {
  const attacked = await attackedApi()
  const text = await raw(
    attacked,
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
  )
  expect(text).toMatch(/^HTTP\/1\.1 (404|400)/)
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['two lengths', `POST ${drainPath} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400],
  [
    'a length and chunks',
    `POST ${drainPath} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a length below zero', `POST ${drainPath} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`, 400],
  ['no host', `POST ${drainPath} HTTP/1.1\r\n\r\n`, 400],
  ['a NUL in a header', `POST ${drainPath} HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n`, 400],
  ['headers without end', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}`, 431],
  [
    'a body that is announced too large',
    `POST ${drainPath} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n`,
    413,
  ],
])('%s is answered with %3$i', async (_, request, status) => {
  const attacked = await attackedApi()
  expect(await raw(attacked, request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`))
  await stillServes(attacked)
})

test('headers and bodies that trickle are given up on', async () => {
  const attacked = await attackedApi({ headersMs: 200, bodyMs: 200 })
  const head = rawSocket(attacked)
  head.socket.write('POST / HTTP/1.1\r\nhost: x\r\n')
  const body = rawSocket(attacked)
  body.socket.write(
    `POST ${drainPath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{`,
  )
  await Promise.all([head.closed, body.closed])
  expect(head.received().toString()).toMatch(/^HTTP\/1\.1 40[08]/)
  await stillServes(attacked)
})

test('more headers than may be are refused with a reason', async () => {
  const attacked = await attackedApi()
  const headers = Object.fromEntries(Array.from({ length: 127 }, (_, i) => [`x-key-${i}`, 'v'.repeat(120)]))
  expect(await post(attacked, drainPath, '{}', headers)).toMatchObject({ status: 431, reason: 'METADATA_TOO_LARGE' })
})
