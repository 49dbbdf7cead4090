import type { Attribute, Literal } from '../../ports.ts'
import { readString } from './strings.ts'
import { QueryProblem } from './syntax.ts'

export type Token = Readonly<{ at: number; end: number }> &
  (
    | Readonly<{ kind: 'sign'; text: string }>
    | Readonly<{ kind: 'word'; text: string }>
    | Readonly<{ kind: 'literal'; literal: Literal }>
    | Readonly<{ kind: 'attribute'; attribute: Attribute; ofParent: boolean }>
    | Readonly<{ kind: 'end' }>
  )

/** The longest first. */
const signs = [
  ...['&>>', '&<<', '!>>', '!<<'],
  ...['&>', '&<', '&~', '!>', '!<', '!~', '!=', '>>', '<<', '>=', '<=', '=~', '&&', '||'],
  ...['{', '}', '(', ')', ',', '|', '=', '>', '<', '~', '!', '+', '-', '*', '/', '%', '^'],
]
const scopes = new Set(['resource', 'span', 'event', 'link', 'instrumentation'])
const numberPattern = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const wordPattern = /[A-Za-z_][A-Za-z0-9_]*(?::[A-Za-z_][A-Za-z0-9_]*)?/y
/** One run of a name outside of quotes, as Tempo's scanner has it: `-`, `+`, `*` and `/` are part of a name. */
const namePattern = /[^\s{}()=~!<>&|^,"]+/y
const durationPattern = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w|y)/y
const nanosOf: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
  y: 365 * 24 * 3600e9,
}

/** Reads the text into tokens, the last of which is its end. */
export function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at = spaceEnd(query, at)
    const token = at === query.length ? ({ kind: 'end', at, end: at } as const) : tokenAt(query, at)
    tokens.push(token)
    if (token.kind === 'end') return tokens
    at = token.end
  }
}

const spacePattern = /(?:\s|\/\/[^\n]*)*/y

/** After white space and comments. A comment that does not end is refused at once: to look for its end again and again costs a square. */
function spaceEnd(query: string, from: number): number {
  let at = from
  for (;;) {
    at = endOf(spacePattern, query, at) ?? at
    if (!query.startsWith('/*', at)) return at
    const end = query.indexOf('*/', at + 2)
    if (end === -1) throw new QueryProblem('a comment that does not end', at)
    at = end + 2
  }
}

function endOf(pattern: RegExp, query: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(query) ? pattern.lastIndex : undefined
}

function tokenAt(query: string, at: number): Token {
  const first = query.charAt(at)
  if (first === '"' || first === '`') {
    const { value, end } = readString(query, at)
    return { kind: 'literal', literal: { type: 'string', value }, at, end }
  }
  const numberEnd = endOf(numberPattern, query, at)
  if (numberEnd !== undefined) return numberAt(query, at, numberEnd)
  if (first === '.') return attributeAt(query, at, at + 1, 'any', false)
  const wordEnd = endOf(wordPattern, query, at)
  if (wordEnd !== undefined) return wordAt(query, at, wordEnd)
  const sign = signs.find((each) => query.startsWith(each, at))
  if (sign !== undefined) return { kind: 'sign', text: sign, at, end: at + sign.length }
  throw new QueryProblem(`unexpected ${JSON.stringify(String.fromCodePoint(query.codePointAt(at) ?? 0))}`, at)
}

function numberAt(query: string, at: number, end: number): Token {
  if (/[a-zA-Zµμ]/.test(query.charAt(end))) return durationAt(query, at)
  const text = query.slice(at, end)
  const literal: Literal = /^\d+$/.test(text)
    ? { type: 'int', value: BigInt(text) }
    : { type: 'float', value: Number(text) }
  return { kind: 'literal', literal, at, end }
}

function durationAt(query: string, at: number): Token {
  let nanos = 0
  let end = at
  for (;;) {
    durationPattern.lastIndex = end
    const [whole, count, unit] = durationPattern.exec(query) ?? []
    if (whole === undefined) break
    nanos += Number(count) * (nanosOf[unit ?? ''] ?? 0)
    end += whole.length
  }
  if (end === at || /[a-zA-Zµμ0-9.]/.test(query.charAt(end))) {
    throw new QueryProblem('a number with a unit that is none; the units are ns us µs ms s m h d w y', at)
  }
  if (nanos > Number.MAX_SAFE_INTEGER * 1e3) throw new QueryProblem('a duration of more than 285 years', at)
  return { kind: 'literal', literal: { type: 'duration', value: BigInt(Math.round(nanos)) }, at, end }
}

function wordAt(query: string, at: number, end: number): Token {
  const text = query.slice(at, end)
  const scope = scopes.has(text) ? (text as Attribute['scope']) : undefined
  if (query.charAt(end) !== '.' || (scope === undefined && text !== 'parent')) return { kind: 'word', text, at, end }
  if (scope !== undefined) return attributeAt(query, at, end + 1, scope, false)
  const [, ofParent] = /^(resource|span)\./.exec(query.slice(end + 1, end + 10)) ?? []
  return ofParent === undefined
    ? attributeAt(query, at, end + 1, 'any', true)
    : attributeAt(query, at, end + 2 + ofParent.length, ofParent as Attribute['scope'], true)
}

/** A name, parts of which may be in quotes: `span."a b".c`. */
function attributeAt(query: string, at: number, from: number, scope: Attribute['scope'], ofParent: boolean): Token {
  let name = ''
  let end = from
  for (;;) {
    const runEnd = endOf(namePattern, query, end)
    if (runEnd !== undefined) {
      name += query.slice(end, runEnd)
      end = runEnd
    } else if (query.charAt(end) === '"') {
      const quoted = readString(query, end)
      name += quoted.value
      end = quoted.end
    } else break
  }
  if (name === '') throw new QueryProblem('an attribute without a name', at)
  return { kind: 'attribute', attribute: { scope, name }, ofParent, at, end }
}
