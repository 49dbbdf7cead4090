import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { faults } from './faults.ts'

const root = join(import.meta.dirname, '../..')
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

test('every rule of queues and of delivery can be taken out', () => {
  const queueRules = Array.from({ length: 7 }, (_, i) => `${i + 1}`)
  const deliveryRules = Array.from({ length: 12 }, (_, i) => `D${i + 1}`)
  const covered = new Set(faults.map(({ rule }) => rule))
  expect([...queueRules, ...deliveryRules].filter((rule) => !covered.has(rule))).toEqual([])
})

test.each(faults)('rule $rule, $without: its place in $file is there once', ({ file, find, replace }) => {
  expect(textOf(file).split(find)).toHaveLength(2)
  expect(replace).not.toBe(find)
})
