import { parseQuery } from './parse.ts'
import { type Query, QueryProblem } from './syntax.ts'

/** A query about half of whose conditions the user is still writing; more of them are not looked at one by one. */
const partsMax = 100
const charactersMax = 10_000

/**
 * What of an editor's text can be asked already: `{ .a = "x" && .b = }` asks for `.a = "x"`. Undefined: everything. Values for
 * completion are asked for with whatever is in the editor, and an error there would leave its user without any.
 */
export function finishedPart(text: string): Query | undefined {
  const whole = attempt(text)
  if (whole !== undefined) return whole
  const trimmed = text.slice(0, charactersMax).trim()
  if (!trimmed.startsWith('{')) return undefined
  const inner = trimmed.slice(1, trimmed.endsWith('}') ? -1 : undefined)
  const parts = conditionsIn(inner).slice(0, partsMax)
  const finished = parts.filter((part) => attempt(`{${part}}`) !== undefined)
  return finished.length === 0 ? undefined : attempt(`{${finished.join('&&')}}`)
}

function attempt(text: string): Query | undefined {
  try {
    return parseQuery(text)
  } catch (problem) {
    if (problem instanceof QueryProblem) return undefined
    throw problem
  }
}

/** What stands between `&&`, outside of quotes and parentheses. */
function conditionsIn(text: string): readonly string[] {
  const parts: string[] = []
  let from = 0
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (quoted) {
      if (character === '\\') at += 1
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    else if (depth === 0 && text.startsWith('&&', at)) {
      parts.push(text.slice(from, at))
      at += 1
      from = at + 1
    }
  }
  return [...parts, text.slice(from)].filter((part) => part.trim() !== '')
}
