import type { Api } from './api.ts'
import type { Output } from './output/output.ts'
import type { Target } from './target.ts'

export type Option = Readonly<{
  help: string
  /** Shown in the help; a switch without it. */
  value?: string
  short?: string
  default?: string
  /** May be given several times. */
  many?: true
}>

/** What a command was called with, and what it works with. */
export type Invocation = Readonly<{
  operands: readonly string[]
  /** The last value of each option that was given or has a default. */
  option(name: string): string | undefined
  options(name: string): readonly string[]
  has(name: string): boolean
  api: Api
  target: Target
  out: Output
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}>

export type Command = Readonly<{
  /** As it is typed: "clients ls". */
  name: string
  summary: string
  /** What follows the name: "TOPIC", "[FILTER]". Those in brackets may be left out. */
  operands?: string
  options?: Readonly<Record<string, Option>>
  examples?: readonly string[]
  run(invocation: Invocation): Promise<void>
}>
