import type { message } from '@tern/proto'
import type { Command } from '../command.ts'
import { messageLine, userProperties, whole } from './shared.ts'

export const sub: Command = {
  name: 'sub',
  summary: 'subscribe with a session of its own, alone or as a member of a group',
  operands: 'FILTER...',
  options: {
    group: { short: 'g', value: 'NAME', help: 'share the messages with the other members, MQTT ones too' },
    id: { value: 'ID', help: 'the subscriber: its session goes on where it was left' },
    earliest: { help: 'begin with the oldest message that is kept' },
    property: { value: 'NAME=VALUE', help: 'only messages with this user property', many: true },
    count: { short: 'n', value: 'COUNT', help: 'end after so many' },
  },
  examples: ["tern sub 'demo/#'", "tern sub 'orders/+' --group billing"],
  async run({ operands, option, options, has, api, out, signal }) {
    const { connect } = await import('@tern/client')
    const tern = connect({ url: api.url })
    const messages = tern.subscribe(operands, {
      group: option('group') ?? '',
      subscriberId: option('id') ?? '',
      start: has('earliest') ? 'earliest' : 'resume',
      userProperties: userProperties(options('property')),
      onOpened: ({ zone, subscriberId }) =>
        out.say(`subscribed ${operands.join(' ')} in ${zone} as ${subscriberId} · waiting, Ctrl-C ends`),
    })
    signal.addEventListener('abort', () => messages.close())
    const most = option('count') === undefined ? Number.POSITIVE_INFINITY : whole('count', option('count'), 1e9)
    let seen = 0
    for await (const received of messages) {
      const shown = shownAs(received.message)
      out.item(shown, messageLine(shown) + (received.attempt > 1 ? `  attempt ${received.attempt}` : ''))
      received.ack()
      if (++seen >= most) break
    }
    tern.close()
  },
}

/** As the JSON of other calls has it. */
function shownAs({ messageId, topic, payload, payloadSize, qos, retain, publishTime }: message.Message) {
  const time = publishTime ? new Date(publishTime.seconds * 1_000 + publishTime.nanos / 1e6).toISOString() : ''
  const level = qosNames[qos]
  return {
    messageId,
    topic,
    publishTime: time,
    payload: Buffer.from(payload).toString('base64'),
    payloadSize,
    qos: level,
    retain,
  }
}

const qosNames = [
  '',
  'QUALITY_OF_SERVICE_AT_MOST_ONCE',
  'QUALITY_OF_SERVICE_AT_LEAST_ONCE',
  'QUALITY_OF_SERVICE_EXACTLY_ONCE',
]
