import { QueryProblem } from './syntax.ts'

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}
const coded = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y

/** Reads a string that begins at `at`, in double quotes with the escapes of Go, or raw in back quotes. */
export function readString(query: string, at: number): Readonly<{ value: string; end: number }> {
  const quote = query.charAt(at)
  let value = ''
  for (let here = at + 1; here < query.length; here += 1) {
    const character = query.charAt(here)
    if (character === quote) return { value, end: here + 1 }
    if (quote === '"' && character === '\n') break
    if (quote === '"' && character === '\\') {
      const escaped = escapeAt(query, here + 1)
      value += escaped.value
      here = escaped.end - 1
    } else value += character
  }
  throw new QueryProblem('a string that does not end', at)
}

function escapeAt(query: string, at: number): Readonly<{ value: string; end: number }> {
  const one = simple[query.charAt(at)]
  if (one !== undefined) return { value: one, end: at + 1 }
  coded.lastIndex = at
  const found = coded.exec(query)
  if (found === null) throw new QueryProblem('an escape that strings do not have', at - 1)
  const hex = found[1] ?? found[2] ?? found[3]
  const code = hex === undefined ? Number.parseInt(found[4] ?? '', 8) : Number.parseInt(hex, 16)
  if (code > 0x10ffff) throw new QueryProblem('an escape that is no character', at - 1)
  return { value: String.fromCodePoint(code), end: coded.lastIndex }
}
