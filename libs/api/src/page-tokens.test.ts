import type { Clock } from '@tern/runtime'
import { systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { pageTokens } from './page-tokens.ts'

const state = Buffer.from('where it goes on')
const invalid = { code: 'INVALID_ARGUMENT', reason: 'PAGE_TOKEN_INVALID' }

function tokensAt(start = 1_700_000_000_000, key = 'region') {
  let now = start
  const clock: Clock = { ...systemClock, now: () => now }
  const pass = (ms: number) => {
    now += ms
  }
  return { tokens: pageTokens({ clock, key }), pass }
}

/** What `run` throws. */
function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

test('a token gives back its state for the same question, at another proxy with the same key', () => {
  const token = tokensAt().tokens.write(state, 'List a')
  expect(tokensAt().tokens.read(token, 'List a')).toEqual(state)
})

test('a token of another question, another key or another time is refused', () => {
  const { tokens, pass } = tokensAt()
  const token = tokens.write(state, 'List a')
  expect(thrown(() => tokens.read(token, 'List b'))).toMatchObject(invalid)
  expect(thrown(() => tokensAt(undefined, 'other').tokens.read(token, 'List a'))).toMatchObject(invalid)
  pass(3_600_000)
  expect(tokens.read(token, 'List a')).toEqual(state)
  pass(1_000)
  expect(thrown(() => tokens.read(token, 'List a'))).toMatchObject(invalid)
})

test('a token that was changed anywhere is refused', () => {
  const { tokens } = tokensAt()
  const token = tokens.write(state, 'List a')
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A'
    const changed = token.slice(0, at) + other + token.slice(at + 1)
    expect(
      thrown(() => tokens.read(changed, 'List a')),
      changed,
    ).toMatchObject(invalid)
  }
})

test.each(['', 'x', 'not base64 at all!', '=', 'A'.repeat(100_000), '\0', '7-1042'])('%j is no token', (token) => {
  expect(thrown(() => tokensAt().tokens.read(token, 'List a'))).toMatchObject(invalid)
})
