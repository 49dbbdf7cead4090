import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { printable } from '../output/printable.ts'
import { clockTime, milliseconds, span } from '../output/time.ts'
import { timestamp, whole } from './shared.ts'

const barWidth = 24
const nano = 1e6

export const trace: Command = {
  name: 'trace',
  summary: 'what happened to a message, as a waterfall',
  operands: 'MESSAGE_OR_TRACE',
  examples: ['tern trace 7-1042', 'tern trace 4bf92f3577b34da6a3ce929d0e0e4736'],
  async run({ operands: [id = ''], api, out, target }) {
    const { trace: found } = /^\d+-\d+$/.test(id)
      ? await api.call('TraceService/GetMessageTrace', { messageId: id })
      : await api.call('TraceService/GetTrace', { traceId: id })
    out.thing(found, [
      ...waterfall(found),
      ...(target.region ? [`open http://${target.region.console.http}/traces/${found.traceId}`] : []),
    ])
  },
}

/** A line for each span: name, bar, how long, where. */
export function waterfall({
  spans = [],
  messageId,
  traceId,
  startUnixNano,
  durationNano,
  folded,
  incomplete,
}: Json): string[] {
  // Nanoseconds since 1970 are more than a double holds.
  const begin = BigInt(startUnixNano)
  const whole = Math.max(1, Number(durationNano))
  const depths = depthsOf(spans)
  const names = spans.map((each: Json) => `${'  '.repeat(depths.get(each.spanId) ?? 0)}${printable(each.name)}`)
  const width = Math.min(48, Math.max(0, ...names.map((name: string) => name.length)))
  const lines = spans.map((each: Json, i: number) => {
    const bar = barOf(Number(BigInt(each.startUnixNano) - begin) / whole, Number(each.durationNano) / whole)
    const state = each.status === 'error' ? `  failed: ${printable(each.statusMessage ?? '')}` : ''
    const facts = [each.zone, each.attributes?.['messaging.client.id']].filter(Boolean).map(printable).join(' ')
    return `  ${names[i].padEnd(width)}  ${bar}  ${milliseconds(Number(each.durationNano) / nano).padStart(8)}  ${facts}${state}`
  })
  return [
    `${messageId || traceId}  ${clockTime(new Date(Number(begin) / nano).toISOString())}  ${milliseconds(whole / nano)}`,
    ...lines,
    ...(Number(folded ?? 0) > 0 ? [`  … and ${folded} more deliveries`] : []),
    ...(incomplete ? ['  ! entries of that time were lost: deliveries may be missing'] : []),
  ]
}

function depthsOf(spans: readonly Json[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const { spanId, parentSpanId } of spans) depths.set(spanId, (depths.get(parentSpanId) ?? -1) + 1)
  return depths
}

function barOf(start: number, length: number): string {
  const from = Math.min(barWidth - 1, Math.max(0, Math.floor(start * barWidth)))
  const cells = Math.max(1, Math.min(barWidth - from, Math.round(length * barWidth)))
  return `${' '.repeat(from)}${'▇'.repeat(cells)}`.padEnd(barWidth)
}

export const searchTraces: Command = {
  name: 'traces',
  summary: 'search traces with TraceQL',
  operands: '[QUERY]',
  options: {
    since: { short: 's', value: 'WHEN', help: 'from then on', default: '1h' },
    limit: { short: 'n', value: 'COUNT', help: 'at most so many', default: '20' },
  },
  examples: [`tern traces '{ span.messaging.client.id = "car-17" && duration > 50ms }'`],
  async run({ operands, option, api, out }) {
    const request = {
      query: operands[0] ?? '{}',
      startTime: timestamp('since', option('since')),
      limit: whole('limit', option('limit'), 200),
    }
    const { traces = [] } = await api.call('TraceService/SearchTraces', request)
    out.table(traces, columns, 'no trace matches')
  },
}

const columns = [
  { title: 'TIME', of: (t: Json) => clockTime(new Date(Number(t.startUnixNano) / nano).toISOString()) },
  { title: 'MESSAGE', of: (t: Json) => t.messageId },
  { title: 'TOOK', of: (t: Json) => milliseconds(Number(t.durationNano) / nano), right: true as const },
  { title: 'ROOT', of: (t: Json) => t.rootName },
  { title: 'TOPIC', of: (t: Json) => t.topic },
  { title: 'PUBLISHER', of: (t: Json) => t.publisherClientId },
  { title: '', of: (t: Json) => (t.error ? 'failed' : '') },
  { title: 'TRACE', of: (t: Json) => t.traceId },
]

export const why: Command = {
  name: 'why',
  summary: 'why a message did, or did not, arrive at a client',
  operands: 'MESSAGE CLIENT',
  examples: ['tern why 7-1042 car-17'],
  async run({ operands: [messageId, clientId], api, out }) {
    const answer = await api.call('TraceService/Why', { messageId, clientId })
    const since = answer.time ? `${span(Date.now() - Date.parse(answer.time))} ago, ${clockTime(answer.time)}` : ''
    out.thing(answer, [
      printable(answer.text),
      ...(since ? [since] : []),
      ...(answer.hint ? [`hint: ${printable(answer.hint)}`] : []),
    ])
  },
}
