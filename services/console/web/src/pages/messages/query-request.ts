import { base64OfText } from '../../lib/payload.ts'

export type MessageSearch = Readonly<Record<string, string>>

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment as people type it: "15 min" (before now), a date and time, or nothing. Undefined: it is none. */
export function momentOf(text: string | undefined, now: number): string | undefined {
  if (text === undefined || text.trim() === '' || text.trim() === 'now') return undefined
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|d)(?: ago)?$/.exec(text.trim()) ?? []
  const time = amount === undefined ? Date.parse(text) : now - Number(amount) * (units[unit] ?? 0)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

/** "name=value" as the API has it. */
export function propertiesOf(text: string | undefined): { name: string; value: string }[] {
  const at = text?.indexOf('=') ?? -1
  return text === undefined || at < 1 ? [] : [{ name: text.slice(0, at), value: text.slice(at + 1) }]
}

const previewBytes = 256

/** What the fields of the page ask QueryMessages for. */
export function queryRequestOf(search: MessageSearch, now: number): object {
  const start = momentOf(search['from'], now)
  const end = momentOf(search['to'], now)
  return {
    topicFilter: search['topic'] ?? '',
    publisherClientId: search['publisher'] ?? '',
    userProperties: propertiesOf(search['property']),
    newestFirst: search['order'] !== 'oldest',
    payloadPreviewBytes: previewBytes,
    pageSize: 100,
    ...(search['contains'] ? { payloadContains: base64OfText(search['contains']) } : {}),
    ...(start === undefined ? {} : { startTime: start }),
    ...(end === undefined ? {} : { endTime: end }),
  }
}
