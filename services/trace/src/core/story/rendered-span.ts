/** A span before it is written in one of the forms in which others read it. Times are microseconds since 1970. */
export type RenderedSpan = Readonly<{
  spanId: string
  /** Empty: a root. */
  parentSpanId: string
  name: string
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  service: 'tern-proxy' | 'tern-broker'
  zone: string
  /** Of the process; 0: not known. */
  instance: number
  startUs: number
  endUs: number
  isError: boolean
  statusMessage: string
  attributes: Attributes
  events: readonly RenderedEvent[]
  links: readonly Readonly<{ traceId: string; spanId: string }>[]
}>

export type Attributes = Readonly<Record<string, string | number | boolean>>
export type RenderedEvent = Readonly<{ timeUs: number; name: string; attributes: Attributes }>
