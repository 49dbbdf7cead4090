import { createLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { SkippedRecords } from './skipped-records.ts'

function skipping() {
  let now = 5_000
  const lines: string[] = []
  const clock = { now: () => now, after: () => ({ cancel() {} }), soon() {} }
  const logger = createLogger((line) => void lines.push(line))
  const told = () =>
    lines.splice(0).map((line) => {
      const { record, passedOver } = JSON.parse(line)
      return `${record} of ${passedOver}`
    })
  return { skipped: new SkippedRecords({ queue: 3, clock, logger }), told, pass: (ms: number) => (now += ms) }
}

test('one line a second tells of the newest and of how many, also when no more come', () => {
  const { skipped, told, pass } = skipping()
  skipped.note(7, 'no key')
  expect(told()).toEqual(['tern.messages/3/7 of 1'])
  pass(300)
  skipped.note(8, 'no key')
  skipped.note(9, 'no key')
  expect(told()).toEqual([])
  pass(700)
  skipped.tell()
  skipped.tell()
  expect(told()).toEqual(['tern.messages/3/9 of 3'])
})

test('who stops to own the queue tells at once what is untold: nobody comes to it again', () => {
  const { skipped, told } = skipping()
  skipped.note(7, 'no key')
  skipped.note(8, 'no key')
  expect(told()).toHaveLength(1)
  skipped.close()
  expect(told()).toEqual(['tern.messages/3/8 of 2'])
  skipped.close()
  expect(told()).toEqual([])
})
