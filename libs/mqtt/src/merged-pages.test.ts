import { expect, test } from 'vitest'
import { type KeyedPage, mergePages } from './merged-pages.ts'

const merge = (pages: KeyedPage<string>[], limit = 10) => mergePages(pages, (key) => key, limit)

test('pages become one, in order', () => {
  expect(merge([{ items: ['a', 'd'] }, { items: ['b', 'c'] }])).toEqual({ items: ['a', 'b', 'c', 'd'] })
})

test('nothing is shown beyond what every page has looked at', () => {
  expect(merge([{ items: ['a', 'b'], next: 'b' }, { items: ['c', 'e'] }])).toEqual({ items: ['a', 'b'], next: 'b' })
})

test('a page that looked far and found nothing still says how far', () => {
  const pages = [{ items: [], next: 'm' }, { items: ['z'] }]
  expect(merge(pages)).toEqual({ items: [], next: 'm' })
})

test('what is cut off comes with the next page', () => {
  expect(merge([{ items: ['a', 'c'] }, { items: ['b'] }], 2)).toEqual({ items: ['a', 'b'], next: 'b' })
})
