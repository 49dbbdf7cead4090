import { expect, test } from 'vitest'
import { check, Judge } from './checker.ts'
import { History, keyOf } from './history.ts'

const key = (number: number) => keyOf('p', 't/1', number)

function run(build: (h: History) => void): string[] {
  const history = new History()
  history.record('s', { kind: 'subscribed', filter: 't/+', qos: 2 })
  build(history)
  return check(history.entries).violations.map(({ rule }) => rule)
}

const publish = (h: History, number: number, end: 'ok' | 'refused' | 'unknown' = 'ok', qos = 2): void => {
  h.record('p', { kind: 'invoke', key: key(number), topic: 't/1', qos })
  if (end !== 'unknown') h.record('p', { kind: end, key: key(number) })
}
const deliver = (h: History, number: number, qos = 2): void =>
  h.record('s', { kind: 'delivery', key: key(number), topic: 't/1', qos, dup: false, retained: false })

test('a faultless run has no violation', () => {
  expect(
    run((h) => {
      for (const n of [1, 2, 3]) {
        publish(h, n)
        deliver(h, n)
      }
    }),
  ).toEqual([])
})

test('an acknowledged message that a durable subscriber never got is lost', () => {
  expect(run((h) => void publish(h, 1))).toEqual(['lost'])
})

test('a message of unknown outcome may be seen or not', () => {
  expect(run((h) => void publish(h, 1, 'unknown'))).toEqual([])
  expect(
    run((h) => {
      publish(h, 1, 'unknown')
      deliver(h, 1)
    }),
  ).toEqual([])
})

test('what is missing now may still come, and is not missing any more then', () => {
  const history = new History()
  const judge = new Judge()
  const look = () => {
    for (const entry of history.take()) judge.take(entry)
    return judge.missing().length
  }
  history.record('s', { kind: 'subscribed', filter: 't/+', qos: 2 })
  publish(history, 1)
  expect([look(), look()]).toEqual([1, 1])
  deliver(history, 1)
  expect([look(), judge.violations.length]).toEqual([0, 0])
  deliver(history, 1)
  look()
  expect(judge.violations.map(({ rule }) => rule)).toEqual(['doubled'])
})

test('a second delivery is a fault at QoS 2 and allowed at QoS 1', () => {
  expect(
    run((h) => {
      publish(h, 1)
      deliver(h, 1)
      deliver(h, 1)
    }),
  ).toEqual(['doubled'])
  expect(
    run((h) => {
      publish(h, 1, 'ok', 1)
      deliver(h, 1, 1)
      deliver(h, 1, 1)
    }),
  ).toEqual([])
})

test('first deliveries out of the publisher order are named', () => {
  expect(
    run((h) => {
      publish(h, 1)
      publish(h, 2)
      deliver(h, 2)
      deliver(h, 1)
    }),
  ).toEqual(['order'])
})

test('a refused or invented message must never be seen', () => {
  expect(
    run((h) => {
      publish(h, 1, 'refused')
      deliver(h, 1)
    }),
  ).toEqual(['phantom'])
  expect(run((h) => void deliver(h, 9))).toEqual(['phantom'])
})

test('a durable session that is gone and a fault that did not bite are named', () => {
  expect(run((h) => void h.record('s', { kind: 'connected', sessionPresent: false, owed: 'kept' }))).toEqual([
    'session',
  ])
  expect(run((h) => void h.record('x', { kind: 'fault', what: 'kill', target: 'az-a', bit: false }))).toEqual(['power'])
})

const subscribe = (h: History, filter: string, qos: number): void => {
  h.record('s', { kind: 'subscribing', filter, qos })
  h.record('s', { kind: 'subscribed', filter, qos })
}
const unsubscribe = (h: History, filter: string): void => {
  h.record('s', { kind: 'unsubscribing', filter })
  h.record('s', { kind: 'unsubscribed', filter })
}
/** Each step at its own time. */
function stepped(build: (h: History) => void): string[] {
  let now = 0
  const history = new History(undefined, () => ++now)
  build(history)
  return check(history.entries).violations.map(({ rule }) => rule)
}

test('a session that is over was owed what stands before the last that it got, and no more', () => {
  const seen = (...numbers: number[]) =>
    stepped((h) => {
      subscribe(h, 't/+', 2)
      for (const n of [1, 2, 3]) publish(h, n)
      for (const n of numbers) deliver(h, n)
      h.record('s', { kind: 'ended' })
    })
  expect(seen(1, 2)).toEqual([])
  expect(seen(1, 3)).toEqual(['lost'])
})

test('a new session may get again what the one before got, and is not owed what came before it', () => {
  const twice = stepped((h) => {
    subscribe(h, 't/+', 2)
    publish(h, 1)
    deliver(h, 1)
    publish(h, 2)
    h.record('s', { kind: 'ended' })
    subscribe(h, 't/+', 2)
    deliver(h, 1)
  })
  expect(twice).toEqual([])
})

test('what is published after UNSUBACK is not wanted, and nobody is owed it', () => {
  const after = (seen: boolean) =>
    stepped((h) => {
      subscribe(h, 't/+', 2)
      unsubscribe(h, 't/+')
      publish(h, 1)
      if (seen) deliver(h, 1)
    })
  expect(after(false)).toEqual([])
  expect(after(true)).toEqual(['unwanted'])
})

test('a message comes at the lower QoS of publisher and subscription, and at that of the newer subscription', () => {
  const at = (qos: number) =>
    stepped((h) => {
      subscribe(h, 't/+', 2)
      subscribe(h, 't/+', 1)
      publish(h, 1)
      deliver(h, 1, qos)
    })
  expect(at(1)).toEqual([])
  expect(at(2)).toEqual(['qos'])
})

test('a session that must have ended and is present is named', () => {
  expect(run((h) => void h.record('s', { kind: 'connected', sessionPresent: true, owed: 'new' }))).toEqual(['session'])
})

test('a will that was void is named also when it came before', () => {
  const will = stepped((h) => {
    subscribe(h, 't/+', 2)
    h.record('p', { kind: 'invoke', key: key(1), topic: 't/1', qos: 2, will: true })
    deliver(h, 1)
    h.record('p', { kind: 'refused', key: key(1) })
  })
  expect(will).toEqual(['phantom'])
})
