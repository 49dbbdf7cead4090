import { parseQuery } from '../../core/traceql/parse.ts'
import { type Query, QueryProblem } from '../../core/traceql/syntax.ts'
import { TempoProblem } from './problem.ts'

/** The query of a request; no text asks for everything. */
export function parsed(text: string): Query {
  try {
    return parseQuery(text.trim() === '' ? '{}' : text)
  } catch (problem) {
    if (problem instanceof QueryProblem) throw new TempoProblem(400, `invalid TraceQL query: ${problem.message}`)
    throw problem
  }
}
