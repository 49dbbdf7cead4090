import { matches } from '@tern/mqtt'
import { scan } from '@tern/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { needlesOf } from './needles.ts'

const needlesIn = (filter: string) => needlesOf(scan.ScanConditions.create({ filter })).map(String)

test('the parts of a filter between its wildcards stand in each topic that matches', () => {
  expect(needlesIn('a/b/c')).toEqual(['a/b/c'])
  expect(needlesIn('a/b/#')).toEqual(['a/b'])
  expect(needlesIn('+/alarm')).toEqual(['/alarm'])
  expect(needlesIn('fleet/+/alarm/#')).toEqual(['fleet/', '/alarm'])
  expect(needlesIn('#')).toEqual([])
  expect(needlesIn('')).toEqual([])
})

test('no topic that matches a filter is without its needles', () => {
  const level = fc.constantFrom('', 'a', 'ab', 'b', 'é')
  const topic = fc.array(level, { minLength: 1, maxLength: 6 }).map((levels) => levels.join('/'))
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 6 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
  fc.assert(
    fc.property(filter, fc.array(topic, { minLength: 20, maxLength: 20 }), (wanted, topics) => {
      for (const each of topics) {
        if (!matches(wanted, each)) continue
        for (const needle of needlesIn(wanted)) expect(each).toContain(needle)
      }
    }),
    { numRuns: 500 },
  )
})

test('who published, user properties and a piece of payload are looked for, too', () => {
  const userProperties = [{ name: 'k', value: '' }]
  const asked = { publisherClientId: 'c', userProperties, payloadContains: Buffer.from('p') }
  expect(needlesOf(scan.ScanConditions.create(asked)).map(String)).toEqual(['c', 'k', 'p'])
})
