import { expect, test } from 'vitest'
import { type Guarded, wrongKind, wrongOrigin, wrongToken } from './request-guard.ts'

const good: Guarded = {
  ...{ method: 'POST', origin: 'http://localhost:8080', host: 'localhost:8080' },
  ...{ contentType: 'application/json', csrf: 'secret' },
}

test('a call of the console by its own page passes', () => {
  expect(wrongOrigin(good, '')).toBeUndefined()
  expect(wrongKind(good)).toBeUndefined()
  expect(wrongToken(good, 'secret')).toBeUndefined()
})

test.each([undefined, 'null', 'http://evil.example', 'https://localhost:8080', 'http://localhost:8081'])(
  '[X2] origin %s is refused',
  (origin) => {
    expect(wrongOrigin({ ...good, origin }, '')?.status).toBe(403)
  },
)

test('behind a proxy of its own the console is opened at its public address only', () => {
  const origin = 'https://console.example'
  expect(wrongOrigin({ ...good, origin }, origin)).toBeUndefined()
  expect(wrongOrigin(good, origin)?.reason).toBe('WRONG_ORIGIN')
})

test.each(['GET', 'HEAD', 'PUT', 'DELETE'])('[X2] %s makes no call', (method) => {
  expect(wrongKind({ ...good, method })?.status).toBe(405)
})

test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
  '[X2] what a form sends (%s) is refused',
  (contentType) => {
    expect(wrongKind({ ...good, contentType })?.status).toBe(415)
  },
)

test('[X2] a call without the token of its session is refused, and without a session too', () => {
  expect(wrongToken({ ...good, csrf: undefined }, 'secret')?.status).toBe(403)
  expect(wrongToken({ ...good, csrf: 'other' }, 'secret')?.status).toBe(403)
  expect(wrongToken(good, undefined)?.status).toBe(401)
})
