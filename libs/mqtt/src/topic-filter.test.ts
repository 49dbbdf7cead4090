import { expect, test } from 'vitest'
import { matches, parseFilter } from './topic-filter.ts'

test('[MQTT5-4.7.1-1] [MQTT5-4.7.1-2] [MQTT5-4.7.3-1] wildcards fill whole levels, and # is last', () => {
  for (const filter of ['a', '/', '+', '#', 'a/#', '+/b/#', '$SYS/+'])
    expect(parseFilter(filter)?.filter, filter).toBe(filter)
  for (const filter of ['', 'a#', 'a/#/b', 'a+', '+a/b', 'a/b+', '#/'])
    expect(parseFilter(filter), filter).toBeUndefined()
})

test('[MQTT5-4.8.2-1] [MQTT5-4.8.2-2] a shared filter has a name without wildcards and a filter', () => {
  expect(parseFilter('$share/g/a/+')).toEqual({ share: 'g', filter: 'a/+', wildcard: true })
  for (const filter of ['$share//t', '$share/g', '$share/g/', '$share/+/t', '$share/g#/t', '$share']) {
    expect(parseFilter(filter), filter).toBeUndefined()
  }
})

test('[MQTT5-4.7.2-1] [MQTT5-4.7.3-4] matching is exactly that of the standard', () => {
  const yes = [
    ['a/#', 'a'],
    ['a/#', 'a/b/c'],
    ['+/+', '/a'],
    ['/+', '/a'],
    ['#', 'a/b'],
    ['$SYS/#', '$SYS/x'],
    ['a/+/c', 'a//c'],
  ]
  const no = [
    ['a/b', 'a/b/'],
    ['+', '/a'],
    ['#', '$SYS/x'],
    ['+/x', '$SYS/x'],
    ['a', 'A'],
    ['a/+', 'a'],
    ['a/b', 'a'],
  ]
  for (const [filter = '', topic = ''] of yes) expect(matches(filter, topic), `${filter} and ${topic}`).toBe(true)
  for (const [filter = '', topic = ''] of no) expect(matches(filter, topic), `${filter} and ${topic}`).toBe(false)
})
