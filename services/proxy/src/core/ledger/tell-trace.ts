import type { Properties } from '@tern/mqtt'
import { formatTraceparent, publishSpanIdOf, traceIds } from '@tern/telemetry'
import { contextOf } from './publish-entry.ts'

/** The `traceparent` of a message at its place, for its publisher. */
export type TellTrace = (queue: number, position: number, properties: Properties) => string

/** In the publisher's own trace, where it brought one, else in that of the message's address; the span is that of its publish. */
export function tellingTraces(key: string): TellTrace {
  const { traceIdOf } = traceIds(key)
  return (queue, position, { userProperties }) => {
    const context = contextOf(userProperties?.map(([name, value]) => ({ name, value })) ?? [])
    return formatTraceparent({
      traceId: context?.traceId ?? traceIdOf(queue, position),
      spanId: publishSpanIdOf(queue, position),
      sampled: context?.sampled ?? true,
    })
  }
}
