import { RE2JS } from 're2js'
import { limits } from './limits.ts'
import { QueryProblem } from './syntax.ts'

export type Pattern = Readonly<{ matches(text: string): boolean }>

/** A pattern of RE2, which has to match the whole text and takes a time linear in it, whatever the user wrote. */
export function compilePattern(pattern: string): Pattern {
  if (pattern.length > limits.patternCharactersMax) {
    throw new QueryProblem(
      `a pattern has ${pattern.length} characters; ${limits.patternCharactersMax} are the most that are read`,
      0,
    )
  }
  try {
    const compiled = RE2JS.compile(pattern)
    return { matches: (text) => compiled.matches(text) }
  } catch (error) {
    throw new QueryProblem(`${JSON.stringify(pattern)} is no pattern: ${(error as Error).message}`, 0)
  }
}
