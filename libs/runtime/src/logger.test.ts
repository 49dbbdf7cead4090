import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logged() {
  const lines: string[] = []
  return { lines, logger: createLogger((line) => void lines.push(line), { service: 'proxy' }) }
}

test('a line is one JSON object: when, how grave, what, and the fields of the logger and of the line', () => {
  const { lines, logger } = logged()
  logger.child({ zone: 'az-a' }).warn('something is odd', { queue: 7 })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { time: expect.any(String), level: 'warn', message: 'something is odd', service: 'proxy', zone: 'az-a', queue: 7 },
  ])
})

test.each([
  ['a line break', 'c\n{"level":"error","message":"forged"}'],
  ['a carriage return', 'c\rforged'],
  ['the end of the object', 'c"}\u0000'],
  ['an escape sequence', '\u001b[2J\u001b]0;title\u0007'],
  ['an escape sequence of one character', '\u009b2J'],
  ['line ends of Unicode', 'c\u2028forged\u2029\u0085'],
  ['text that turns its direction', '\u202egnp.exe\u2066'],
  ['half a character', '\ud800'],
])('X1: %s in what a client sends stays text', (_, text) => {
  const { lines, logger } = logged()
  logger.info('a client is here', { clientId: text, topic: text })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^[\x20-\x7e]*$/)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ clientId: text, topic: text, level: 'info' })
})

/** Control characters of both kinds, and what stands among the general punctuation. */
const special = fc
  .oneof(fc.nat(0xff), fc.integer({ min: 0x2000, max: 0x206f }))
  .map((code) => String.fromCharCode(code))

test('X1: whatever text comes, one line leaves, which no terminal obeys and which says that text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(special, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) }),
      (text) => {
        const { lines, logger } = logged()
        logger.error(text, { text })
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
        expect(lines.join('\n')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: text, text })
      },
    ),
  )
})

test('a field that JSON has no word for does not end who writes it', () => {
  const { lines, logger } = logged()
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  logger.info('odd', { circle, big: 2n ** 64n, nothing: undefined, task() {} })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ circle: { self: 'said before' }, big: '18446744073709551616' })
})
