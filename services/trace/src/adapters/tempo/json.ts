/**
 * A message in the JSON of protobuf, as Tempo writes it: 64-bit numbers as strings, bytes in base 64, enums by name. Grafana decodes
 * it strictly, so what is not in the contract cannot be added here: only what the message has is written.
 */
export function jsonOf(message: object): string {
  return JSON.stringify(plain(message, ''))
}

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const statusCodes = ['UNSET', 'OK', 'ERROR']

function plain(value: unknown, key: string): unknown {
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number') return numberIn(value, key)
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (Array.isArray(value)) return value.map((each) => plain(each, ''))
  if (typeof value !== 'object' || value === null) return value
  if ('$case' in value && 'value' in value) return { [`${value.$case}`]: plain(value.value, '') }
  if (isAnyValue(value)) return value.value === undefined ? {} : plain(value.value, '')
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(fields.map(([name, each]) => [name, plain(each, name)]))
}

/** The one message whose only field is a oneof: it is written as what it holds. */
function isAnyValue(message: object): message is { value: unknown } {
  const { value, ...others } = message as { value?: unknown }
  if (!('value' in message) || Object.keys(others).length > 0) return false
  return value === undefined || (typeof value === 'object' && value !== null && '$case' in value)
}

function numberIn(value: number, key: string): unknown {
  if (key === 'kind') return `SPAN_KIND_${spanKinds[value] ?? 'UNSPECIFIED'}`
  if (key === 'code') return `STATUS_CODE_${statusCodes[value] ?? 'UNSET'}`
  if (key === 'status') return value === 1 ? 'PARTIAL' : 'COMPLETE'
  return Number.isFinite(value) ? value : `${value}`
}
