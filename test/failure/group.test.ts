import { expect, test } from 'vitest'
import { check } from './checker.ts'
import { History, keyOf } from './history.ts'

const filter = '$share/g/t/+'
const key = (number: number) => keyOf('p', 't/1', number)

/** What is found wrong with a group of members "m" and "n". */
function run(qos: 1 | 2, build: (h: History) => void): string[] {
  const history = new History()
  for (const member of ['m', 'n']) {
    history.record(member, { kind: 'subscribing', filter, qos })
    history.record(member, { kind: 'subscribed', filter, qos })
  }
  build(history)
  return check(history.entries).violations.map(({ rule }) => rule)
}

function publish(h: History, ...numbers: number[]): void {
  for (const number of numbers) {
    h.record('p', { kind: 'invoke', key: key(number), topic: 't/1', qos: 2 })
    h.record('p', { kind: 'ok', key: key(number) })
  }
}

const deliver = (h: History, member: string, number: number, qos = 2): void =>
  h.record(member, { kind: 'delivery', key: key(number), topic: 't/1', qos, dup: false, retained: false })

test('what one member of a group gets the others need not get, in whatever order', () => {
  const found = run(2, (h) => {
    publish(h, 1, 2, 3)
    deliver(h, 'm', 3)
    deliver(h, 'n', 2)
    deliver(h, 'm', 1)
  })
  expect(found).toEqual([])
})

test('what no member of a group got is lost', () => {
  expect(run(2, (h) => publish(h, 1))).toEqual(['lost'])
  expect(run(1, (h) => publish(h, 1))).toEqual(['lost'])
})

test('two members that get one message double it at QoS 2, and not at QoS 1', () => {
  const both = (qos: number) => (h: History) => {
    publish(h, 1)
    for (const member of ['m', 'n']) deliver(h, member, 1, qos)
  }
  expect(run(2, both(2))).toEqual(['doubled'])
  expect(run(1, both(1))).toEqual([])
})

test('what a session had taken at QoS 2 goes down with it; at QoS 1 another member gets it', () => {
  const ends = (h: History) => {
    publish(h, 1)
    h.record('m', { kind: 'ended' })
  }
  expect(run(2, ends)).toEqual([])
  expect(run(1, ends)).toEqual(['lost'])
})
