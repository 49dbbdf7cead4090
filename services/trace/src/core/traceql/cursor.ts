import { limits } from './limits.ts'
import { QueryProblem } from './syntax.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Where the parser is in the text. It counts what the query will cost. */
export class Cursor {
  readonly text: string
  readonly #tokens: readonly Token[]
  #next = 0
  #operations = 0
  #nesting = 0

  constructor(text: string) {
    this.text = text
    this.#tokens = tokensOf(text)
  }

  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1
    return this.#tokens[Math.min(this.#next + ahead, last)]!
  }

  take(): Token {
    const token = this.peek()
    this.#next += 1
    return token
  }

  /** Where what was taken last ends. */
  end(): number {
    return this.#tokens[this.#next - 1]?.end ?? 0
  }

  atSign(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'sign' && token.text === text
  }

  /** The next is that word, and an opening parenthesis follows. */
  atCall(...words: readonly string[]): boolean {
    const token = this.peek()
    return token.kind === 'word' && words.includes(token.text) && this.atSign('(', 1)
  }

  takeSign(text: string): boolean {
    if (!this.atSign(text)) return false
    this.#next += 1
    return true
  }

  expectSign(text: string): void {
    if (!this.takeSign(text)) throw this.unexpected(`"${text}"`)
  }

  operation(): void {
    this.#operations += 1
    if (this.#operations <= limits.operationsMax) return
    throw new QueryProblem(`the query has more than ${limits.operationsMax} operations`, this.peek().at)
  }

  nested<Result>(parse: () => Result): Result {
    this.#nesting += 1
    if (this.#nesting > limits.nestingMax) {
      throw new QueryProblem(`the query is nested more than ${limits.nestingMax} deep`, this.peek().at)
    }
    const result = parse()
    this.#nesting -= 1
    return result
  }

  unexpected(expected: string): QueryProblem {
    const token = this.peek()
    const found = token.kind === 'end' ? 'the end of the query' : JSON.stringify(this.text.slice(token.at, token.end))
    return new QueryProblem(`unexpected ${found}, expected ${expected}`, token.at)
  }
}
