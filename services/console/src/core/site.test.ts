import { expect, test } from 'vitest'
import { encodingOf, type Site, type SiteFile, siteName } from './site.ts'

const file: SiteFile = {
  ...{ type: 'text/javascript', immutable: true, etag: '"1"' },
  ...{ plain: Buffer.from('x'), gzip: Buffer.from('g'), brotli: Buffer.from('b') },
}
const site: Site = new Map([
  ['index.html', file],
  ['assets/index-1a2b.js', file],
])

test.each([
  ['/', 'index.html'],
  ['/clients', 'index.html'],
  ['/clients/car-17', 'index.html'],
  ['/topics/fleet%2Fcar%2F17', 'index.html'],
  ['/messages/7-1042', 'index.html'],
  ['/messages/7-1042/trace', 'index.html'],
  ['/assets/index-1a2b.js', 'assets/index-1a2b.js'],
])('%s is answered with %s', (path, name) => {
  expect(siteName(site, path)).toBe(name)
})

test.each([
  '/..%2f..%2fetc/passwd',
  '/../etc/passwd',
  '/clients/../../etc/passwd',
  '/clients/%2e%2e/secret',
  '/clients/..%2F..%2Fetc%2Fpasswd',
  '//etc/passwd',
  '//evil.example/clients',
  '/clients%00.js',
  '/assets/..\\..\\etc',
  '/assets/%5c..%5cetc',
  '/%252e%252e/etc',
  '/assets/unknown.js',
  '/etc/passwd',
  'etc/passwd',
  '/index.html/..',
  `/clients/${'x'.repeat(3_000)}`,
])('[X3] %s is not found', (path) => {
  expect(siteName(site, path)).toBeUndefined()
})

test('a file goes out in the best encoding that the browser takes', () => {
  expect(encodingOf(file, 'gzip, deflate, br')).toBe('br')
  expect(encodingOf(file, 'gzip;q=1.0, br;q=0')).toBe('gzip')
  expect(encodingOf(file, '')).toBeUndefined()
  expect(encodingOf({ ...file, brotli: undefined }, 'br')).toBeUndefined()
})
