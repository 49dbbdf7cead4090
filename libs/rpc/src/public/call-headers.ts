import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from './api-error.ts'
import type { PublicLimits } from './limits.ts'

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

const badHeader = (name: string, says: string) =>
  new ApiError('INVALID_ARGUMENT', 'METADATA_INVALID', `${name} ${says}`, { metadata: { name } })

/** Of the header grpc-timeout: at most eight digits and a unit. */
export function timeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? []
  if (digits === undefined) throw badHeader('grpc-timeout', 'is no time; give digits and a unit, as in 500m')
  return Number(digits) * (unitMs[unit as string] as number)
}

/** What is asked, or the most that is granted. */
export const cappedMs = (asked: number | undefined, max: number): number => Math.min(asked ?? max, max)

const traceparentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function traceparentOf(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : undefined
}

/** The caller's own request id when it is one that can be printed anywhere, or a new one. */
export function requestIdOf(headers: IncomingHttpHeaders, draw: () => string): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given) ? given : draw()
}

export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return Array.isArray(value) ? value[0] : value
}

const isBase64List = (values: string) => values.split(',').every((each) => /^[A-Za-z0-9+/_-]*={0,2}$/.test(each.trim()))

/** Refuses metadata that is too much, or of a name that ends in -bin and no base64. */
export function checkMetadata(headers: IncomingHttpHeaders, limits: PublicLimits): void {
  let bytes = 0
  let count = 0
  for (const [name, value] of Object.entries(headers)) {
    const values = Array.isArray(value) ? value : [value ?? '']
    count += values.length
    for (const each of values) bytes += name.length + each.length
    if (name.endsWith('-bin') && !values.every(isBase64List)) {
      throw badHeader(name, 'is no base64, which names that end in -bin must be')
    }
  }
  const { metadataBytesMax, metadataCountMax } = limits
  if (bytes <= metadataBytesMax && count <= metadataCountMax) return
  throw new ApiError(
    'RESOURCE_EXHAUSTED',
    'METADATA_TOO_LARGE',
    `${count} names with ${bytes} bytes are too much metadata; send at most ${metadataCountMax} with ${metadataBytesMax}`,
  )
}
