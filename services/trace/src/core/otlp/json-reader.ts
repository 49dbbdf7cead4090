import { OtlpProblem } from './problem.ts'

type Json = unknown
/** Reads a field, whose path is named where it is not what it should be. */
export type Read<Result> = (value: Json, at: string) => Result

function refuse(at: string, wanted: string, value: Json): never {
  throw new OtlpProblem(`${at} is ${JSON.stringify(value)?.slice(0, 60)}; give ${wanted}`)
}

export function fieldsOf(value: Json, at: string): Readonly<Record<string, Json>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'an object', value)
  return value as Readonly<Record<string, Json>>
}

/** Absent and null are the same, as in all JSON of protobuf. */
const isAbsent = (value: Json) => value === undefined || value === null

export const optional =
  <Result>(read: Read<Result>): Read<Result | undefined> =>
  (value, at) =>
    isAbsent(value) ? undefined : read(value, at)

export const list =
  <Result>(read: Read<Result>): Read<Result[]> =>
  (value, at) => {
    if (isAbsent(value)) return []
    if (!Array.isArray(value)) refuse(at, 'a list', value)
    return value.map((each, index) => read(each, `${at}[${index}]`))
  }

export const text: Read<string> = (value, at) => {
  if (isAbsent(value)) return ''
  if (typeof value !== 'string') refuse(at, 'a string', value)
  return value
}

export const bool: Read<boolean> = (value, at) => {
  if (typeof value !== 'boolean') refuse(at, 'true or false', value)
  return value
}

export const double: Read<number> = (value, at) => {
  if (value === 'NaN') return Number.NaN
  const number = typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : Number.NaN
  if (Number.isNaN(number)) refuse(at, 'a number', value)
  return number
}

export const uint32: Read<number> = (value, at) => {
  if (isAbsent(value)) return 0
  const number = typeof value === 'number' ? value : Number.NaN
  if (!Number.isInteger(number) || number < 0 || number > 0xffffffff) refuse(at, 'a whole number of 32 bits', value)
  return number
}

/** A number of 64 bits, in a string or, where it is small enough for that, as a number. */
const integer =
  (least: bigint, most: bigint, wanted: string): Read<bigint> =>
  (value, at) => {
    if (isAbsent(value)) return 0n
    const isWhole =
      typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && /^-?\d{1,20}$/.test(value)
    if (!isWhole) refuse(at, wanted, value)
    const number = BigInt(value as number | string)
    if (number < least || number > most) refuse(at, wanted, value)
    return number
  }
export const uint64 = integer(0n, 2n ** 64n - 1n, 'a whole number of 64 bits, in a string')
export const int64 = integer(-(2n ** 63n), 2n ** 63n - 1n, 'a whole number of 64 bits, in a string')

/** An enum is a number in OTLP; what protobuf itself writes, a name, is taken too. */
export const named =
  (prefix: string, names: readonly string[]): Read<number> =>
  (value, at) => {
    if (isAbsent(value)) return 0
    const index = typeof value === 'string' ? names.indexOf(value.replace(prefix, '')) : value
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0)
      refuse(at, `a number, or one of ${names.join(' ')}`, value)
    return index
  }
