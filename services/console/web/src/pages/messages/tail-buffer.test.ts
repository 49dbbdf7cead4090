import { expect, test } from 'vitest'
import { charactersMax, rowsMax, withNewer } from './tail-buffer.ts'

test('the newest stands first, and what is over the limit of rows goes', () => {
  const first = withNewer([], [{ messageId: '1' }, { messageId: '2' }])
  expect(first.map(({ messageId }) => messageId)).toEqual(['2', '1'])
  const many = Array.from({ length: rowsMax + 10 }, (_, i) => ({ messageId: `${i}` }))
  expect(withNewer(first, many)).toHaveLength(rowsMax)
})

test('large payloads are kept in smaller number', () => {
  const large = Array.from({ length: 10 }, (_, i) => ({ messageId: `${i}`, payload: 'x'.repeat(charactersMax / 4) }))
  expect(withNewer([], large)).toHaveLength(4)
})
