import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FakeConsole, startFakeConsole } from './fake/fake-console.ts'
import { consoleClient, type Signed, signIn } from './fake/signed-in.ts'

let fake: FakeConsole
let signed: Signed

beforeAll(async () => {
  fake = await startFakeConsole()
  signed = await signIn(fake.url, fake.password)
})
afterAll(() => fake.close())

const listClients = '/api/tern.v1.ClientService/ListClients'

test('a call of the public API is handed on, and its answer comes back', async () => {
  const answer = await signed.post(listClients, { pageSize: 3 })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ clients: [{}, {}, {}] })
  expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{16}$/)
})

test('an error of the API comes back as it is', async () => {
  const answer = await signed.post('/api/tern.v1.ClientService/GetClient', { clientId: 'nobody' })
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ code: 'not_found' })
})

test('only calls of tern.v1 are handed on', async () => {
  for (const name of [
    'tern.broker.v1.InspectService/Scan',
    'tern.dev.v1.RegionService/KillZone',
    'grpc.health.v1.Health/Check',
  ]) {
    expect((await signed.post(`/api/${name}`, {})).status).toBe(404)
  }
})

test('[X2] without the token, from another origin, by GET or by a form, nothing is done', async () => {
  const drain = '/api/tern.v1.ClusterService/Drain'
  const ask = (change: RequestInit, headers: Record<string, string> = {}) =>
    fetch(fake.url + drain, {
      method: 'POST',
      body: '{"zone":"az-a","draining":true}',
      ...change,
      headers: { ...signed.headers, ...headers },
    })
  expect((await ask({}, { 'x-tern-csrf': '' })).status).toBe(403)
  expect((await ask({}, { origin: 'http://evil.example' })).status).toBe(403)
  expect((await ask({}, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
  expect((await fetch(fake.url + drain, { headers: signed.headers })).status).toBe(405)
  expect((await ask({}, { cookie: '' })).status).toBe(401)
  expect(fake.api.region.draining.size).toBe(0)
  expect((await ask({})).status).toBe(200)
  fake.api.region.draining.clear()
})

test('[X2] a WebSocket of another origin, or of nobody, is refused', async () => {
  const answered = (headers: string) =>
    rawAnswer(
      `GET /console/live HTTP/1.1\r\nhost: ${new URL(fake.url).host}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n\r\n`,
    )
  expect(await answered(`origin: http://evil.example\r\ncookie: ${signed.headers['cookie']}`)).toContain('403')
  expect(await answered(`origin: ${fake.url}`)).toContain('401')
  expect(await answered(`origin: ${fake.url}\r\ncookie: ${signed.headers['cookie']}`)).toContain('101')
})

/** `fetch` would tidy the path up before it is sent. */
function rawAnswer(request: string): Promise<string> {
  const { hostname, port } = new URL(fake.url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(request))
    socket.once('data', (data) => {
      resolve(data.toString())
      socket.destroy()
    })
  })
}

test.each([
  '/..%2f..%2fetc/passwd',
  '/../../etc/passwd',
  '//etc/passwd',
  '/clients%00',
  '/assets/..\\..\\etc',
  '/.made-of',
  '/.vite/manifest.json',
  '/assets/',
])('[X3] GET %s is not found', async (path) => {
  expect(await rawAnswer(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)).toMatch(/^HTTP\/1.1 404 /)
})

test('pages are served packed, their parts for ever, and themselves never without asking', async () => {
  const page = await fetch(`${fake.url}/clients/car-17`, { headers: { 'accept-encoding': 'br' } })
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect(page.headers.get('content-security-policy')).toContain(
    "default-src 'self'; connect-src 'self' ws://127.0.0.1:8084",
  )
  const script = /src="(\/assets\/[^"]+)"/.exec(await page.text())?.[1] ?? ''
  const part = await fetch(fake.url + script, { headers: { 'accept-encoding': 'gzip, br' } })
  expect(part.headers.get('content-encoding')).toBe('br')
  expect(part.headers.get('cache-control')).toContain('immutable')
  expect(
    (await fetch(fake.url + script, { headers: { 'if-none-match': part.headers.get('etag') ?? '' } })).status,
  ).toBe(304)
})

test('[X7] each login has a session of its own, and a planted id is not made good', async () => {
  const planted = 'p'.repeat(43)
  const answer = await consoleClient(fake.url).post(
    '/console/login',
    { user: 'admin', password: fake.password },
    { cookie: `tern_console=${planted}` },
  )
  const cookie = answer.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/^tern_console=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(cookie).not.toContain(planted)
  const session = await consoleClient(fake.url).post('/console/session', {}, { cookie: `tern_console=${planted}` })
  expect(await session.json()).toMatchObject({ loggedIn: false })
})

test('[X7] wrong passwords make the next attempt wait, the right one too', async () => {
  const other = await startFakeConsole()
  const attempt = (password: unknown) => consoleClient(other.url).post('/console/login', { user: 'admin', password })
  for (const password of ['wrong', '', 1, null, 'x'.repeat(5_000)]) expect((await attempt(password)).status).toBe(401)
  const refused = await attempt(other.password)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  other.close()
})

test('[X7] logging out ends the session at the server', async () => {
  const once = await signIn(fake.url, fake.password)
  expect((await once.post('/console/logout', {})).status).toBe(200)
  expect((await once.post(listClients, {})).status).toBe(401)
})

test('[X12] the password of the first start is told in one file for its owner, and kept as a hash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tern-console-'))
  const first = await startFakeConsole({ folder, password: '' })
  const told = readFileSync(join(folder, 'admin.txt'), 'utf8')
  const password = /password {2}(\S+)/.exec(told)?.[1] ?? ''
  expect(password.length).toBeGreaterThanOrEqual(20)
  for (const name of ['admin.txt', 'console.json']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, 'console.json'), 'utf8')).not.toContain(password)
  first.close()
  const again = await startFakeConsole({ folder, password: '' })
  expect((await signIn(again.url, password)).headers['cookie']).toBeDefined()
  again.close()
  rmSync(folder, { recursive: true })
  expect(existsSync(folder)).toBe(false)
})

test('[X12] no answer, error or header holds a secret', async () => {
  const { csrf } = (await (await signed.post('/console/session', {})).json()) as { csrf: string }
  const answers = await Promise.all([
    signed.post('/console/history', {}),
    signed.post(listClients, { pageSize: 1 }),
    signed.post('/console/zones/kill', { zone: 'nowhere' }),
    signed.post('/console/nothing', {}),
  ])
  for (const answer of answers) {
    const text = (await answer.text()) + JSON.stringify([...answer.headers])
    for (const secret of [fake.password, csrf, signed.headers['cookie']]) expect(text).not.toContain(secret)
  }
})

test('a body over its limit is refused', async () => {
  const answer = await signed.post(listClients, { filter: 'x'.repeat(7 * 1024 * 1024) })
  expect(answer.status).toBe(413)
})

test('a proxy that refuses or stands still is passed over; what may have been done is not done twice', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const other = await startFakeConsole({ proxies: ['127.0.0.1:1', `127.0.0.1:${port}`, fake.api.address] })
  const there = await signIn(other.url, other.password)
  expect((await there.post(listClients, { pageSize: 1 })).status).toBe(200)
  other.close()
  const lonely = await startFakeConsole({ proxies: [`127.0.0.1:${port}`] })
  const alone = await signIn(lonely.url, lonely.password)
  const answer = await alone.post('/api/tern.v1.ClientService/DeleteSession', { clientId: 'x' })
  expect(answer.status).toBe(502)
  expect(await answer.json()).toMatchObject({ code: 'unknown' })
  lonely.close()
  silent.closeAllConnections()
  silent.close()
}, 30_000)
