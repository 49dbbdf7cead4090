import { badField } from '../api/refusal.ts'

/** Characters that a filter may have. */
export const filterCharactersMax = 2_048

type Operator = '=' | '!=' | '>' | '<'

/** `prefix`: a text that may end in *; the others are whole. */
export type FieldKind = 'text' | 'prefix' | 'number'

export type Clause = Readonly<{ field: string; operator: Operator; value: string; number: number }>

const operatorsOf: Readonly<Record<FieldKind, readonly Operator[]>> = {
  text: ['=', '!='],
  prefix: ['='],
  number: ['=', '>', '<'],
}

const token = /\s*(?:(AND)(?![\w.])|([a-z_]+)|(!=|[=<>])|"((?:[^"\\]|\\.)*)"|(\d+(?:\.\d+)?))/y

type Token = Readonly<{ kind: 'and' | 'name' | 'operator' | 'text' | 'number'; text: string }>

/** Clauses joined by AND, as `field operator value`: texts in double quotes, numbers bare. Throws a refusal that names what is wrong. */
export function parseFilter(text: string, fields: Readonly<Record<string, FieldKind>>): Clause[] {
  if (text.length > filterCharactersMax) {
    throw invalid(`has ${text.length} characters; give at most ${filterCharactersMax}`)
  }
  const tokens = tokensOf(text)
  const clauses: Clause[] = []
  for (let at = 0; at < tokens.length; at += 4) {
    clauses.push(clauseOf(tokens.slice(at, at + 3), fields))
    const and = tokens[at + 3]
    if (and === undefined) break
    if (and.kind !== 'and') throw invalid(`has ${shown(and.text)} after a clause; join clauses by AND`)
    if (at + 4 >= tokens.length) throw invalid('ends in AND; give another clause after it')
  }
  return clauses
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.trimEnd().length) {
    const from = token.lastIndex
    const match = token.exec(text)
    if (match === null) throw invalid(`cannot be read at ${shown(text.slice(from).trimStart().slice(0, 20))}`)
    const [, and, name, operator, quoted, number] = match
    if (and !== undefined) tokens.push({ kind: 'and', text: and })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/gs, '$1') })
    else tokens.push({ kind: 'number', text: number ?? '' })
  }
  return tokens
}

function clauseOf([name, operator, value]: readonly Token[], fields: Readonly<Record<string, FieldKind>>): Clause {
  const known = Object.keys(fields).join(', ')
  if (name?.kind !== 'name') throw invalid(`wants a field where it has ${shown(name?.text ?? '')}; there are ${known}`)
  const kind = Object.hasOwn(fields, name.text) ? fields[name.text] : undefined
  if (kind === undefined) throw invalid(`names ${shown(name.text)}, which is no field here; there are ${known}`)
  const operators = operatorsOf[kind]
  const used = operators.find((each) => each === operator?.text)
  if (operator?.kind !== 'operator' || used === undefined) {
    throw invalid(`wants one of ${operators.join(' ')} after ${name.text}, and has ${shown(operator?.text ?? '')}`)
  }
  const wanted = kind === 'number' ? 'number' : 'text'
  if (value?.kind !== wanted) {
    const form = wanted === 'number' ? 'a number' : 'a text in double quotes'
    throw invalid(`wants ${form} after ${name.text} ${used}, and has ${shown(value?.text ?? '')}`)
  }
  return { field: name.text, operator: used, value: value.text, number: Number(value.text) }
}

/** What a filter is asked of: the values of one item by field; undefined: it has none. */
export type FieldValues = Readonly<Record<string, string | number | undefined>>

export const fulfils = (values: FieldValues, clauses: readonly Clause[]): boolean =>
  clauses.every((clause) => fulfilsOne(values[clause.field], clause))

function fulfilsOne(value: string | number | undefined, { operator, value: wanted, number }: Clause): boolean {
  if (typeof value === 'number') {
    if (operator === '>') return value > number
    return operator === '<' ? value < number : value === number
  }
  const text = value ?? ''
  const equal = wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted
  return operator === '!=' ? !equal : equal
}

const shown = (text: string): string => (text === '' ? 'nothing' : JSON.stringify(text.slice(0, 40)))

const invalid = (says: string) => badField('filter', 'FILTER_INVALID', says)
