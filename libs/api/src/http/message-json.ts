import { contracts } from '../contracts.ts'
import { jsonOfBytes } from './json-codec.ts'

/** A message of a contract, by its full name, in protobuf's JSON form: as calls by HTTP give it. */
export function messageJson(typeName: string, bytes: Uint8Array): string {
  const all = contracts()
  const schema = all.registry.getMessage(typeName)
  if (schema === undefined) throw new Error(`no contract has a message ${typeName}`)
  return jsonOfBytes(schema, bytes, all)
}
