/** 0 done, 1 failed, 2 wrong command line, 3 nobody answers, 4 not allowed. */
export type ExitCode = 0 | 1 | 2 | 3 | 4

/** Ends the command with a sentence for the person who typed it, and a next step. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  /** gRPC status name in lower case, as "not_found". */
  readonly code: string
  /** As in docs/errors.md; empty when it did not come from the API. */
  readonly reason: string
  readonly hint: string

  constructor(message: string, { exitCode = 1, code = '', reason = '', hint = '' }: Partial<FailureDetail> = {}) {
    super(message)
    this.exitCode = exitCode
    this.code = code
    this.reason = reason
    this.hint = hint
  }
}

type FailureDetail = Readonly<{ exitCode: ExitCode; code: string; reason: string; hint: string }>

export const wrongUse = (message: string, hint: string): Failure => new Failure(message, { exitCode: 2, hint })

/** What is told for each status when the API gives no hint of its own. */
const exitCodes: Readonly<Record<string, ExitCode>> = {
  unavailable: 3,
  permission_denied: 4,
  unauthenticated: 4,
  invalid_argument: 2,
}

export const exitCodeOf = (code: string): ExitCode => exitCodes[code] ?? 1
