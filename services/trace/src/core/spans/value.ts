import type { otlpCommon } from '@tern/proto'
import type { Literal } from '../../ports.ts'

/** What a span has under a name. Several: an attribute that is a list, or one of its events or links. */
export type Value = Exclude<Literal, { type: 'nil' }>

type AnyValue = otlpCommon.AnyValue

export const text = (value: string): Value => ({ type: 'string', value })
export const whole = (value: bigint | number): Value => ({ type: 'int', value: BigInt(value) })

/** The values of an attribute: none when it is empty or bytes, several for a list. What is nested deeper cannot be asked for. */
export function valuesOf(any: AnyValue | undefined): readonly Value[] {
  const one = any === undefined ? undefined : scalarOf(any)
  if (one !== undefined) return [one]
  if (any?.value?.$case !== 'arrayValue') return []
  return any.value.value.values.flatMap((each) => scalarOf(each) ?? [])
}

function scalarOf({ value }: AnyValue): Value | undefined {
  switch (value?.$case) {
    case 'stringValue':
      return { type: 'string', value: value.value }
    case 'intValue':
      return { type: 'int', value: value.value }
    case 'doubleValue':
      return { type: 'float', value: value.value }
    case 'boolValue':
      return { type: 'bool', value: value.value }
    default:
      return undefined
  }
}

/** As an attribute of an answer: a duration, a status or a kind is written out, which is how Tempo does it. */
export function anyValueOf(value: Value): AnyValue {
  switch (value.type) {
    case 'int':
      return { value: { $case: 'intValue', value: value.value } }
    case 'float':
      return { value: { $case: 'doubleValue', value: value.value } }
    case 'bool':
      return { value: { $case: 'boolValue', value: value.value } }
    default:
      return { value: { $case: 'stringValue', value: writtenOut(value) } }
  }
}

/** The value in words, without quotes. */
export function writtenOut(value: Value): string {
  return value.type === 'duration' ? durationText(value.value) : `${value.value}`
}

const units: readonly [bigint, string][] = [
  [3_600_000_000_000n, 'h'],
  [60_000_000_000n, 'm'],
  [1_000_000_000n, 's'],
  [1_000_000n, 'ms'],
  [1_000n, 'µs'],
]

function durationText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  const unit = units.find(([each]) => size >= each)
  return unit === undefined ? `${nanos}ns` : `${Number(nanos) / Number(unit[0])}${unit[1]}`
}
