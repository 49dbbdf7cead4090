import { type DescMessage, fromBinary, fromJsonString, toBinary, toJson } from '@bufbuild/protobuf'
import { isFieldError } from '@bufbuild/protobuf/reflect'
import { publicLimits, tooLarge } from '@tern/rpc'
import { apiError } from '../api-error.ts'
import type { Contracts } from '../contracts.ts'

/** The bytes of a message that is given in protobuf's JSON form. What its contract does not know is refused by its name. */
export function bytesOfJson(schema: DescMessage, text: string, { registry }: Contracts): Buffer {
  let bytes: Uint8Array
  try {
    bytes = toBinary(schema, fromJsonString(schema, text.trim() === '' ? '{}' : text, { registry }))
  } catch (error) {
    throw refusal(schema, error)
  }
  if (bytes.length > publicLimits.messageBytesMax) throw tooLarge(bytes.length, publicLimits.messageBytesMax)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function jsonOfBytes(schema: DescMessage, bytes: Uint8Array, { registry }: Contracts): string {
  return JSON.stringify(toJson(schema, fromBinary(schema, bytes), { registry, alwaysEmitImplicit: true }))
}

function refusal(schema: DescMessage, cause: unknown): Error {
  const text = (cause as Error).message
  const unknown = /key "(.*)" is unknown/.exec(text)?.[1]
  if (unknown !== undefined) {
    const field = unknown.slice(0, 200)
    const message = `${schema.typeName} has no field "${field}"; see /openapi.json for those that it has`
    const details = { fields: [{ field, description: 'is not in the contract' }] }
    return apiError('INVALID_ARGUMENT', 'FIELD_UNKNOWN', message, { details, cause })
  }
  const message = `the body is no ${schema.typeName} in JSON: ${text.slice(0, 300)}`
  const blamed = [cause, (cause as Error).cause].find(isFieldError)
  if (blamed === undefined) return apiError('INVALID_ARGUMENT', 'MESSAGE_MALFORMED', message, { cause })
  const field = blamed.field()
  const details = { fields: [{ field: field.name, description: text.slice(0, 300) }] }
  return apiError('INVALID_ARGUMENT', 'FIELD_INVALID', message, { details, cause })
}
