import { numbers } from '@tern/proto'
import { expect, test } from 'vitest'
import { NumberHistory, numbersMax } from './number-history.ts'
import { quantileOf, queryRange } from './query-range.ts'
import { historySeconds, Series } from './series.ts'

const { COUNTER, GAUGE, HISTOGRAM } = numbers.NumberKind

function family(
  name: string,
  kind: numbers.NumberKind,
  points: Partial<numbers.NumberPoint>[],
  more = {},
): numbers.NumberFamily {
  const point = (each: Partial<numbers.NumberPoint>) => ({ labelValues: [], value: 0, counts: [], ...each })
  return { name, kind, unit: '{x}', help: '', labels: [], bounds: [], points: points.map(point), ...more }
}

/** What two proxies told: `of` gives what each counted by a second. */
function told(seconds: number, of: (second: number, member: number) => numbers.NumberFamily[]) {
  const history = new NumberHistory()
  for (let second = 100; second < 100 + seconds; second++) {
    for (const [index, member] of ['proxy-a', 'proxy-b'].entries()) {
      history.take({ member, zone: `az-${'ab'[index]}`, families: of(second, index) }, second)
    }
  }
  return history
}

const ask = { start: 100, end: 104, step: 1, groupBy: '' } as const

test('a series keeps a quarter of an hour, and knows nothing of what was not told', () => {
  const series = new Series(1)
  series.put(1_000, [5])
  series.put(1_003, [6])
  expect([999, 1_000, 1_001, 1_002, 1_003, 1_004].map((second) => series.at(second))).toEqual([
    ...[Number.NaN, 5, Number.NaN, Number.NaN, 6, Number.NaN],
  ])
  series.put(1_003 + historySeconds, [7])
  expect([series.at(1_003), series.at(1_004), series.at(1_003 + historySeconds)]).toEqual([Number.NaN, Number.NaN, 7])
  series.put(1_003, [8])
  expect(series.at(1_003 + historySeconds)).toBe(7)
  expect(series.newest(1_000 + historySeconds, 1_010 + historySeconds)).toBe(7)
})

test('counters are rates, added up over the region, or for each zone', () => {
  const history = told(10, (second, member) => [family('published', COUNTER, [{ value: second * (member + 1) * 10 }])])
  expect(queryRange(history, { ...ask, names: ['published'] })).toEqual([
    { name: 'published', labels: {}, values: [30, 30, 30, 30] },
  ])
  expect(queryRange(history, { ...ask, names: ['published'], step: 2, groupBy: 'zone' })).toEqual([
    { name: 'published', labels: { zone: 'az-a' }, values: [10, 10] },
    { name: 'published', labels: { zone: 'az-b' }, values: [20, 20] },
  ])
})

test('a process that began anew counts from zero, and what was not told is not a number', () => {
  const history = new NumberHistory()
  const counted = { 100: 500, 101: 510, 102: 4, 105: 34 }
  for (const [second, value] of Object.entries(counted)) {
    const families = [family('published', COUNTER, [{ value }])]
    history.take({ member: 'proxy-a', zone: 'az-a', families }, Number(second))
  }
  const [series] = queryRange(history, { ...ask, end: 106, names: ['published'] })
  expect(series?.values).toEqual([10, 4, Number.NaN, Number.NaN, Number.NaN, Number.NaN])
})

test('gauges add up where that means something, and are the greatest where it does not', () => {
  const history = told(5, (_, member) => [
    family('sessions', GAUGE, [{ value: member + 1 }]),
    family('oldest', GAUGE, [{ value: member + 1 }], { unit: 's' }),
  ])
  const values = queryRange(history, { ...ask, names: ['sessions', 'oldest'] }).map((each) => each.values[0])
  expect(values).toEqual([3, 2])
})

test('histograms are quantiles of what fell into them in each step, whoever counted it', () => {
  const history = told(5, (second, member) => [
    family('delay', HISTOGRAM, [{ counts: [second * 99 * member, second * (1 - member), 0] }], { bounds: [0.01, 0.1] }),
  ])
  const [median, high] = queryRange(history, { ...ask, names: ['delay'] })
  expect([median?.labels, high?.labels]).toEqual([{ quantile: '0.5' }, { quantile: '0.99' }])
  expect(median?.values[0]).toBeCloseTo(0.01 * (50 / 99), 5)
  expect(high?.values[0]).toBeCloseTo(0.01, 5)
  expect(quantileOf([1, 2], [0, 0, 4], 0.5)).toBe(2)
  expect(quantileOf([1, 2], [0, 0, 0], 0.5)).toBeNaN()
})

test('labels make series of their own', () => {
  const points = ['0', '1'].map((qos) => ({ labelValues: [qos], value: Number(qos) }))
  const history = told(3, () => [family('by_qos', GAUGE, points, { labels: ['qos'] })])
  const labels = queryRange(history, { ...ask, names: ['by_qos'], groupBy: 'member' }).map((each) => each.labels)
  expect(labels).toContainEqual({ qos: '1', member: 'proxy-b' })
  expect(labels).toHaveLength(4)
})

test('a name that nobody told has no series', () => {
  expect(
    queryRange(
      told(3, () => []),
      { ...ask, names: ['nothing', '__proto__'] },
    ),
  ).toEqual([])
})

test('who tells too much is not kept without end, and who says nothing for long is forgotten', () => {
  const history = new NumberHistory()
  const points = Array.from({ length: numbersMax + 5 }, (_, i) => ({ labelValues: [`${i}`], value: i }))
  history.take({ member: 'a', zone: '', families: [family('many', GAUGE, points, { labels: ['i'] })] }, 100)
  expect(history.of('many')).toHaveLength(numbersMax)
  history.take({ member: 'b', zone: '', families: [family('one', GAUGE, [{ value: 1 }])] }, 1_100)
  expect([history.of('one'), history.silent(1_100)]).toEqual([[], ['a']])
  history.forget(1_100)
  history.take({ member: 'b', zone: '', families: [family('one', GAUGE, [{ value: 1 }])] }, 1_101)
  expect([history.of('many').length, history.of('one').length, history.silent(1_101)]).toEqual([0, 1, []])
})
