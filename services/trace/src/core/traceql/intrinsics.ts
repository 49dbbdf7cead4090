import type { Attribute } from '../../ports.ts'

export type ValueType = 'string' | 'int' | 'float' | 'bool' | 'duration' | 'status' | 'kind' | 'nil' | 'any'

/** By the one name of each. */
const types: Readonly<Record<string, ValueType>> = {
  duration: 'duration',
  name: 'string',
  status: 'status',
  statusMessage: 'string',
  kind: 'kind',
  childCount: 'int',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
  parent: 'string',
  rootName: 'string',
  rootServiceName: 'string',
  traceDuration: 'duration',
  'trace:id': 'string',
  'span:id': 'string',
  'span:parentID': 'string',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'string',
  'link:spanID': 'string',
  'instrumentation:name': 'string',
  'instrumentation:version': 'string',
}

const otherNames: Readonly<Record<string, string>> = {
  'span:duration': 'duration',
  'span:name': 'name',
  'span:kind': 'kind',
  'span:status': 'status',
  'span:statusMessage': 'statusMessage',
  'span:childCount': 'childCount',
  'trace:duration': 'traceDuration',
  'trace:rootName': 'rootName',
  'trace:rootService': 'rootServiceName',
}

/** What is offered for completion: everything that has values worth listing or an operator worth offering. */
export const intrinsicNames: readonly string[] = [
  ...Object.keys(types).filter((name) => name !== 'parent'),
  ...Object.keys(otherNames),
].sort()

/** The intrinsic of that name, under its one name. */
export function intrinsicOf(name: string): Attribute | undefined {
  const known = otherNames[name] ?? name
  return Object.hasOwn(types, known) ? { scope: 'intrinsic', name: known } : undefined
}

export const typeOf = ({ scope, name }: Attribute): ValueType =>
  scope === 'intrinsic' ? (types[name] ?? 'any') : 'any'
