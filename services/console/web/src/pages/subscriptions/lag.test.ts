import { expect, test } from 'vitest'
import { samplesMax, trendOf, withLag } from './lag.ts'

const samples = (...backlogs: number[]) => backlogs.map((backlog, i) => ({ time: i * 1_000, backlog }))

test('a trend is told in words, with when it is through', () => {
  expect(trendOf(samples(100))).toMatchObject({ word: 'not known yet' })
  expect(trendOf(samples(0, 50, 100, 150))).toMatchObject({ word: 'growing', perSecond: 50 })
  expect(trendOf(samples(300, 200, 100, 60))).toMatchObject({ word: 'shrinking', perSecond: -80, drainedInMs: 750 })
  expect(trendOf(samples(1_000_000, 1_000_100, 1_000_000))).toMatchObject({ word: 'steady' })
})

test('what is kept is bounded, and a group that is gone is forgotten', () => {
  let kept: ReturnType<typeof withLag> = new Map()
  for (let i = 0; i < samplesMax + 5; i++)
    kept = withLag(kept, [{ sharedFilter: '$share/a/#', backlogMessages: '1' }], i)
  expect(kept.get('$share/a/#')).toHaveLength(samplesMax)
  expect(withLag(kept, [], 0).size).toBe(0)
})
