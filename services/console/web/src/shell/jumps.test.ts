import { expect, test } from 'vitest'
import { jumpsOf } from './jumps.ts'

const pages = [
  { to: '/', name: 'Overview' },
  { to: '/clients', name: 'Clients' },
]
const first = (text: string) => jumpsOf(text, pages)[0]

test('a pasted id, topic or filter is recognised', () => {
  expect(first('7-1042')).toMatchObject({ to: '/messages/7-1042', kind: 'message' })
  expect(first('AB'.repeat(16))).toMatchObject({ to: `/traces/${'ab'.repeat(16)}`, kind: 'trace' })
  expect(first('fleet/car/17')).toMatchObject({ to: '/topics/fleet%2Fcar%2F17', kind: 'topic' })
  expect(first('fleet/+/gps')).toMatchObject({ kind: 'messages of the topic' })
  expect(first('cli')).toMatchObject({ to: '/clients' })
  expect(first('car-17')).toMatchObject({ to: '/clients/car-17', kind: 'client' })
})

test('nothing typed shows all pages', () => {
  expect(jumpsOf('', pages)).toHaveLength(2)
})
