import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { payloadLine, printable } from '../output/printable.ts'
import { ago } from '../output/time.ts'
import { pages, partly } from './shared.ts'

const columns = (now: number) => [
  { title: 'TOPIC', of: (n: Json) => (Number(n.children ?? 0) > 0 ? `${n.path}/` : n.path) },
  { title: 'CHILDREN', of: (n: Json) => n.children, right: true as const },
  { title: 'MSG/S', of: (n: Json) => Number(n.messagesPerSecond ?? 0).toFixed(1), right: true as const },
  { title: 'MESSAGES', of: (n: Json) => n.messages, right: true as const },
  { title: 'BYTES', of: (n: Json) => n.bytes, right: true as const },
  { title: 'LAST', of: (n: Json) => ago(n.lastPublish, now) },
  { title: '', of: (n: Json) => (n.retained ? 'retained' : '') },
]

export const topicTree: Command = {
  name: 'topics tree',
  summary: 'one level of topics, the busiest first',
  operands: '[PATH]',
  options: { sort: { value: 'rate|bytes|name', help: 'order', default: 'rate' } },
  async run({ operands, option, api, out }) {
    const request = { path: operands[0] ?? '', orderBy: option('sort'), pageSize: 1_000 }
    const answer = await api.call('TopicService/ListTopicChildren', request)
    out.table(answer.children ?? [], columns(Date.now()), 'no topic yet; tern pub demo/hello -m hi makes one')
    if (answer.approximate) out.say(`about ${answer.totalSize} children; these are the busiest`)
  },
}

export const findTopics: Command = {
  name: 'topics find',
  summary: 'topics that hold a text',
  operands: 'TEXT',
  async run({ operands, api, out }) {
    const { topics = [], more } = await api.call('TopicService/SearchTopics', { text: operands[0], pageSize: 200 })
    out.table(topics, columns(Date.now()), `no topic holds "${operands[0]}"`)
    if (more) out.say('there are more; give a longer text')
  },
}

export const whoGets: Command = {
  name: 'topics who',
  summary: 'who would get a message of this topic',
  operands: 'TOPIC',
  async run({ operands, api, out }) {
    const answer = await api.call('SubscriptionService/MatchTopic', { topic: operands[0], pageSize: 1_000 })
    out.table(answer.subscriptions ?? [], subscriptionColumns, `nobody subscribes to ${operands[0]}`)
    if (answer.unreachable?.length > 0) out.say(partly(answer.unreachable))
  },
}

const subscriptionColumns = [
  { title: 'CLIENT', of: (s: Json) => s.clientId },
  { title: 'FILTER', of: (s: Json) => s.topicFilter },
  { title: 'GROUP', of: (s: Json) => s.group },
  { title: 'STATE', of: (s: Json) => (s.connected ? 'connected' : 'away') },
]

export const listRetained: Command = {
  name: 'retained ls',
  summary: 'retained messages',
  operands: '[FILTER]',
  async run({ operands, api, out }) {
    const found = await pages(
      (page) =>
        api.call('RetainedService/ListRetained', { topicFilter: operands[0] ?? '', payloadPreviewBytes: 200, ...page }),
      ({ messages = [] }) => messages,
      10_000,
    )
    const now = Date.now()
    out.table(
      found.rows,
      [
        { title: 'TOPIC', of: (m: Json) => m.topic },
        { title: 'AGE', of: (m: Json) => ago(m.publishTime, now) },
        { title: 'BYTES', of: (m: Json) => m.payloadSize, right: true },
        { title: 'PUBLISHER', of: (m: Json) => m.publisherClientId },
        { title: 'PAYLOAD', of: (m: Json) => payloadLine(m.payload, 60) },
      ],
      'no retained message; tern retained set TOPIC TEXT makes one',
    )
    if (found.unreachable.length > 0) out.say(partly(found.unreachable))
  },
}

export const getRetained: Command = {
  name: 'retained get',
  summary: 'the retained message of a topic',
  operands: 'TOPIC',
  async run({ operands, api, out }) {
    const { message } = await api.call('RetainedService/GetRetained', { topic: operands[0] })
    out.thing(message, [payloadLine(message.payload, 4_096)])
  },
}

export const setRetained: Command = {
  name: 'retained set',
  summary: 'publish a retained message',
  operands: 'TOPIC TEXT',
  async run({ operands: [topic, text = ''], api, out }) {
    const message = { topic, payload: Buffer.from(text).toString('base64') }
    const { receipt } = await api.call('RetainedService/SetRetained', { message, requestId: crypto.randomUUID() })
    out.thing(receipt, [`stored ${receipt.messageId}`])
  },
}

export const removeRetained: Command = {
  name: 'retained rm',
  summary: 'clear the retained messages of a filter',
  operands: 'FILTER',
  options: { 'dry-run': { help: 'say how many' } },
  async run({ operands, has, api, out }) {
    const request = { topicFilter: operands[0], validateOnly: has('dry-run') }
    const answer = await api.call('RetainedService/DeleteRetained', request)
    const more = answer.more ? '; there are more' : ''
    out.thing(answer, [
      `${answer.deleted ?? 0} ${has('dry-run') ? 'would be ' : ''}cleared of ${printable(operands[0] ?? '')}${more}`,
    ])
  },
}
