import type { Json } from '../api.ts'
import type { Command, Invocation } from '../command.ts'
import { payloadLine, printable } from '../output/printable.ts'
import { messageLine, pages, partly, qosWord, timestamp, userProperties, whole } from './shared.ts'

const conditions = {
  publisher: { value: 'CLIENT', help: 'only what this client published' },
  property: { value: 'NAME=VALUE', help: 'only messages with this user property', many: true as const },
}

const since = { short: 's', value: 'WHEN', help: 'from then on: 10m, 2h, 1d back, or a time' }

export const query: Command = {
  name: 'query',
  summary: 'stored messages by filter, time, publisher, property or payload',
  operands: '[FILTER]',
  options: {
    ...{ since, until: { value: 'WHEN', help: 'before then' } },
    ...conditions,
    contains: { value: 'TEXT', help: 'only payloads that hold the text' },
    oldest: { help: 'oldest first; newest first otherwise' },
    limit: { short: 'n', value: 'COUNT', help: 'at most so many', default: '20' },
  },
  examples: ["tern query 'sensors/+/temperature' --since 1h", 'tern query --publisher car-17 -n 5'],
  async run(given) {
    const { operands, option, options, has, api, out } = given
    const request = {
      topicFilter: operands[0] ?? '',
      startTime: timestamp('since', option('since')),
      endTime: timestamp('until', option('until')),
      publisherClientId: option('publisher') ?? '',
      userProperties: userProperties(options('property')),
      payloadContains: Buffer.from(option('contains') ?? '').toString('base64'),
      newestFirst: !has('oldest'),
      payloadPreviewBytes: 4_096,
    }
    let scanned = 0
    const found = await pages(
      async (page) => {
        const answer = await api.call('MessagingService/QueryMessages', { ...request, ...page })
        scanned += Number(answer.scannedMessages ?? 0)
        return answer
      },
      ({ messages = [] }) => messages,
      whole('limit', option('limit'), 100_000),
    )
    for (const message of found.rows) out.item(message, messageLine(message))
    if (found.unreachable.length > 0) out.say(partly(found.unreachable))
    const rest = found.more ? '; there are more, -n says how many to show' : ''
    out.say(`${found.rows.length} found, ${scanned.toLocaleString('en')} looked at${rest}`)
  },
}

export const get: Command = {
  name: 'get',
  summary: 'one stored message, whole',
  operands: 'MESSAGE',
  options: { raw: { help: 'the payload alone, as it is' } },
  async run({ operands, has, api, out }) {
    const { message } = await api.call('MessagingService/GetMessage', { messageId: operands[0] })
    if (has('raw')) return void process.stdout.write(Buffer.from(message.payload ?? '', 'base64'))
    out.thing(message, linesOf(message))
  },
}

function linesOf(message: Json): string[] {
  const { position, userProperties: properties = [] } = message
  const rows: [string, unknown][] = [
    ['message', message.messageId],
    ['topic', message.topic],
    ['stored', message.publishTime],
    ['publisher', message.publisherClientId],
    ['qos', qosWord(message.qos) + (message.retain ? ', retained' : '')],
    ['queue', `${position?.queue ?? 0}, offset ${position?.offset ?? 0}`],
    ['expiry', message.expiry],
    ['content type', message.contentType],
    ['response topic', message.responseTopic],
    ...properties.map(({ name, value }: Json) => [`property ${name}`, value] as [string, unknown]),
    ['trace', message.traceId],
    ['payload', `${message.payloadSize ?? 0} bytes`],
  ]
  const lines = rows.filter(([, value]) => value !== undefined && value !== '' && value !== null)
  return [
    ...lines.map(([name, value]) => `${printable(name).padEnd(16)}${printable(String(value))}`),
    '',
    payloadLine(message.payload, 4_096),
  ]
}

export const tail: Command = {
  name: 'tail',
  summary: 'what is stored, then what comes; without a session',
  operands: '[FILTER]',
  options: {
    since,
    ...conditions,
    sample: { value: 'RATE', help: 'at most so many a second; the rest is counted' },
    'no-follow': { help: 'end when all that is stored has been shown' },
  },
  examples: ["tail 'sensors/#' --since 10m".replace(/^/, 'tern ')],
  run: showReplay,
}

async function showReplay({ operands, option, options, has, api, out, signal }: Invocation): Promise<void> {
  const time = timestamp('since', option('since'))
  const request = {
    topicFilter: operands[0] ?? '',
    start: time === undefined ? { anchor: 'ANCHOR_LATEST' } : { time },
    publisherClientId: option('publisher') ?? '',
    userProperties: userProperties(options('property')),
    follow: !has('no-follow'),
    samplePerSecond: option('sample') === undefined ? 0 : whole('sample', option('sample'), 1_000_000),
  }
  if (request.follow) out.say('following; Ctrl-C ends')
  for await (const { messages = [], skipped, gap } of api.stream('MessagingService/ReplayMessages', request, signal)) {
    if (gap) out.say('! retention took messages before these')
    for (const message of messages) out.item(message, messageLine(message))
    if (Number(skipped ?? 0) > 0) out.say(`… ${skipped} more were left out`)
  }
}

export const resend: Command = {
  name: 'resend',
  summary: 'publish stored messages again',
  operands: 'MESSAGE...',
  options: {
    topic: { value: 'TOPIC', help: 'to this topic instead of their own' },
    message: { short: 'm', value: 'TEXT', help: 'with this payload instead of their own' },
    'dry-run': { help: 'say what would be published' },
  },
  async run({ operands, option, has, api, out }) {
    const request = {
      messageIds: operands,
      topic: option('topic') ?? '',
      validateOnly: has('dry-run'),
      requestId: crypto.randomUUID(),
      ...(option('message') !== undefined && { payload: Buffer.from(option('message') ?? '').toString('base64') }),
    }
    const { results = [], messages = [] } = await api.call('MessagingService/ResendMessages', request)
    for (const message of messages)
      out.item(message, `would publish ${printable(message.topic)}  ${payloadLine(message.payload)}`)
    results.forEach((result: Json, i: number) => {
      if (result.receipt) out.item(result, `${operands[i]}  stored ${result.receipt.messageId}`)
      else if (result.error) out.item(result, `${operands[i]}  refused: ${result.error.message}`)
    })
  },
}
