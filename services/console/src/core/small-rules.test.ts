import { expect, test } from 'vitest'
import { apiCallOf, isStreamedCall } from './api-call.ts'
import { cookieName, sessionCookie, sessionIdIn } from './cookie.ts'
import { avoidedFor, ProxyList } from './proxy-list.ts'
import { securityHeaders } from './security-headers.ts'

test('only calls of the public API are handed on', () => {
  expect(apiCallOf('/api/tern.v1.ClientService/ListClients')).toEqual({
    name: 'tern.v1.ClientService/ListClients',
    reads: true,
  })
  expect(apiCallOf('/api/tern.v1.ClientService/DeleteSession')?.reads).toBe(false)
  for (const path of [
    '/api/tern.broker.v1.InspectService/X',
    '/api/tern.v1.ClientService/../x',
    '/api/tern.dev.v1.RegionService/KillZone',
    '/api/tern.v1.ClientService/List?x=1',
  ])
    expect(apiCallOf(path)).toBeUndefined()
})

test('a tab holds only calls that read', () => {
  expect(isStreamedCall('tern.v1.ClusterService/WatchTopology')).toBe(true)
  expect(isStreamedCall('tern.v1.MessagingService/ReplayMessages')).toBe(true)
  expect(isStreamedCall('tern.v1.MessagingService/PublishStream')).toBe(false)
  expect(isStreamedCall('tern.broker.v1.X/WatchY')).toBe(false)
})

test('the cookie is read from among others, and only in its own shape', () => {
  const id = 'a'.repeat(43)
  expect(sessionIdIn(`x=1; ${cookieName}=${id}; y=2`)).toBe(id)
  expect(sessionIdIn(`${cookieName}=short`)).toBeUndefined()
  expect(sessionIdIn(undefined)).toBeUndefined()
  expect(sessionCookie(id, true)).toMatch(/HttpOnly; SameSite=Strict; Secure/)
})

test('[X1] no script or style comes from within a page, nor a directive from what a member says of itself', () => {
  const policy = securityHeaders(['127.0.0.1:8084', "x; script-src 'unsafe-inline'"], false)['content-security-policy']
  expect(policy).toContain("default-src 'self'; connect-src 'self' ws://127.0.0.1:8084;")
  expect(policy).not.toContain('unsafe')
  expect(policy).not.toContain('script-src')
})

test('a proxy that did not answer is asked last for a while', () => {
  const list = new ProxyList(['a:1', 'b:1'])
  list.learn(['b:1', 'c:1'])
  expect(list.inOrder(0)).toEqual(['a:1', 'b:1', 'c:1'])
  list.failed('a:1', 1_000)
  expect(list.inOrder(1_001)).toEqual(['b:1', 'c:1', 'a:1'])
  expect(list.inOrder(1_000 + avoidedFor)).toEqual(['a:1', 'b:1', 'c:1'])
  list.failed('b:1', 9_000)
  list.answered('b:1')
  expect(list.inOrder(9_001)).toEqual(['a:1', 'b:1', 'c:1'])
})
