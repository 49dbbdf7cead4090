import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './partitioner.ts'

test("murmur2 gives the values of Kafka's own test", () => {
  const vectors: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  for (const [text, hash] of Object.entries(vectors)) expect(murmur2(Buffer.from(text)), text).toBe(hash)
})

test('text and its UTF-8 bytes go to the same partition, within the count', () => {
  for (const key of ['', 'a', 'fleet/7/état', '日本']) {
    expect(partitionOf(key, 12)).toBe(partitionOf(Buffer.from(key), 12))
    expect(partitionOf(key, 12)).toBeLessThan(12)
  }
})
