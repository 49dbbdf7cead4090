import type { Json } from '../api.ts'
import { wrongUse } from '../failure.ts'
import { payloadLine, printable } from '../output/printable.ts'
import { clockTime, momentOf } from '../output/time.ts'

/** "name=value" options as tern.v1 has them. */
export const userProperties = (given: readonly string[]): Json[] =>
  given.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw wrongUse(`the property "${text}" has no "="`, 'give --property name=value')
    return { name: text.slice(0, at), value: text.slice(at + 1) }
  })

/** A moment as an RFC 3339 time; undefined when it was not given. */
export function timestamp(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const moment = momentOf(text, Date.now())
  if (moment === undefined)
    throw wrongUse(
      `--${name} is "${text}"`,
      'give a span back from now, as 10m or 2h, or a time as 2026-11-22T14:00:00Z',
    )
  return moment.toISOString()
}

export function whole(name: string, text: string | undefined, max: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > max) {
    throw wrongUse(`--${name} is "${text}"`, `give a whole number from 1 to ${max}`)
  }
  return number
}

const levels: Readonly<Record<string, string>> = {
  QUALITY_OF_SERVICE_AT_MOST_ONCE: 'qos0',
  QUALITY_OF_SERVICE_AT_LEAST_ONCE: 'qos1',
  QUALITY_OF_SERVICE_EXACTLY_ONCE: 'qos2',
}
export const qosWord = (qos: string | undefined): string => levels[qos ?? ''] ?? 'qos?'

/** A message as one line: when, where, how large, and how it begins. */
export function messageLine(message: Json): string {
  const { publishTime, topic, payload, payloadSize, qos, messageId, retain } = message
  const marks = [qosWord(qos), ...(retain ? ['retained'] : [])].join(' ')
  return `${clockTime(publishTime)}  ${messageId}  ${printable(topic)}  ${payloadSize ?? 0} B  ${marks}  ${payloadLine(payload)}`
}

/** Rows of a paged list, page by page, until `limit` of them are there. */
export async function pages(
  ask: (page: Readonly<{ pageSize: number; pageToken: string }>) => Promise<Json>,
  rowsOf: (answer: Json) => Json[],
  limit: number,
): Promise<Readonly<{ rows: Json[]; more: boolean; unreachable: string[] }>> {
  const rows: Json[] = []
  const unreachable = new Set<string>()
  let pageToken = ''
  do {
    const answer = await ask({ pageSize: Math.min(1_000, limit - rows.length), pageToken })
    rows.push(...rowsOf(answer))
    for (const name of answer.unreachable ?? answer.unreachableQueues?.map((queue: number) => `queue ${queue}`) ?? []) {
      unreachable.add(name)
    }
    pageToken = answer.nextPageToken ?? ''
  } while (pageToken !== '' && rows.length < limit)
  return { rows, more: pageToken !== '', unreachable: [...unreachable] }
}

export const partly = (unreachable: readonly string[]): string =>
  `! no answer from ${unreachable.join(', ')}; what they have is missing here`
