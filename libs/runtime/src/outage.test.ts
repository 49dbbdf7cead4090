import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { Outage } from './outage.ts'

test('what fails again and again is told once, and so is its end, each time anew', () => {
  const lines: string[] = []
  const outage = new Outage(
    createLogger((line) => void lines.push(JSON.parse(line).message)),
    'fails',
    'works',
  )
  outage.worked()
  outage.failed('no room')
  outage.failed('no room')
  outage.worked()
  outage.worked()
  outage.failed('no room')
  expect(lines).toEqual(['fails', 'works', 'fails'])
})
