import { expect, test } from 'vitest'
import { hintsOf } from './hints.ts'
import { finishedPart } from './unfinished.ts'

test.each([
  ['{resource.cluster = }', undefined],
  ['{', undefined],
  ['', undefined],
  ['nonsense', undefined],
  ['{ .a = "x" && .b = }', ['a']],
  ['{ .a = "x && y" && .b =~ "(" && .c > 3', ['a', 'c']],
  ['{ (.a = 1 || .b = ) && .c = "}" }', ['c']],
  ['{ .a = "x', undefined],
  ['{ .a = 1 } >> {}', ['a']],
])('of %s the values for completion are asked with %j', (text, names) => {
  const query = finishedPart(text)
  const asked =
    query &&
    hintsOf(query)
      .alternatives.flat()
      .map(({ attribute }) => attribute.name)
  expect(asked).toEqual(names)
})
