/** One thing that whoever runs a service may say, by a flag or in the environment; the flag wins. */
export type Setting = Readonly<{
  /** Without the leading dashes. None for a secret: anyone on the machine can read the flags of a process. */
  flag?: string
  env: string
  kind: Kind
  /** As it would be typed. A setting without a default must be given, except a switch, which is off. */
  default?: string
  help: string
  /** Of a whole number, and of the port in an address: 0 as `min` allows "take a free one". */
  min?: number
  max?: number
}>

export type Kind = keyof Kinds

type Kinds = {
  text: string
  port: number
  whole: number
  /** host:port */
  address: string
  /** host:port, several with commas. */
  addresses: readonly string[]
  switch: boolean
}

export type Spec = Readonly<Record<string, Setting>>

export type Settings<S extends Spec> = { readonly [Name in keyof S]: Kinds[S[Name]['kind']] }
