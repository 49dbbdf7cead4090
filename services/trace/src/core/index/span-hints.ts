import type { otlpCommon } from '@tern/proto'
import { nameHash } from '@tern/record'
import type { ResourceSpans } from '../../ports.ts'
import type { Hints } from './stretch.ts'

const errorCode = 2

/** What an index needs to know of spans that others sent: whatever a query can ask to be equal to is among the names. */
export function hintsOfSpans(resourceSpans: readonly ResourceSpans[]): Omit<Hints, 'groups'> {
  const names = new Set<number>()
  let fromUs = Number.POSITIVE_INFINITY
  let toUs = 0
  let hasFailure = false
  for (const { resource, scopeSpans } of resourceSpans) {
    addAll(names, resource?.attributes ?? [])
    for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
      addAll(names, span.attributes)
      fromUs = Math.min(fromUs, microseconds(span.startTimeUnixNano))
      toUs = Math.max(toUs, microseconds(span.endTimeUnixNano), microseconds(span.startTimeUnixNano))
      if (span.status?.code === errorCode) hasFailure = true
    }
  }
  return { fromUs: Math.min(fromUs, toUs), toUs, hasFailure, nameHashes: names }
}

function addAll(names: Set<number>, attributes: readonly otlpCommon.KeyValue[]): void {
  for (const { value } of attributes) addOne(names, value)
}

function addOne(names: Set<number>, any: otlpCommon.AnyValue | undefined): void {
  if (any?.value?.$case === 'stringValue') names.add(nameHash(any.value.value))
  else if (any?.value?.$case === 'arrayValue') for (const each of any.value.value.values) addOne(names, each)
}

const microseconds = (nanos: bigint): number => Number(nanos / 1000n)
