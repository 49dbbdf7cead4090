import { entryKind } from '@tern/record'
import { messageIdOf, publishSpanIdOf, spanIdOf } from '@tern/telemetry'
import type { Attributes, RenderedEvent, RenderedSpan } from './rendered-span.ts'
import { noSpan, type Story, type Told } from './story.ts'

/** What every span about a message says of it. */
export const messageAttributes = ({ queue, position, message, told }: Story): Attributes => {
  const refused = told.find(({ kind }) => kind === entryKind.publishRefused)
  const topic = message?.topic ?? refused?.name
  return {
    'messaging.system': 'mqtt',
    ...(topic !== undefined && { 'messaging.destination.name': topic }),
    'messaging.destination.partition.id': `${queue}`,
    ...(position >= 0 && { 'messaging.message.id': messageIdOf(queue, position) }),
  }
}

/** The parent of deliveries, and what they link to. */
export const sendSpanId = ({ queue, position }: Story): string => spanIdOf('send tern.messages', queue, position)
export const publishSpanId = ({ queue, position }: Story): string => publishSpanIdOf(queue, position)

/** The half of the publisher: received, authorized, routed, appended, stored, answered. From the ledger, or else from the record alone. */
export function publishSpans(story: Story): RenderedSpan[] {
  const { message, told } = story
  const refused = told.find(({ kind }) => kind === entryKind.publishRefused)
  if (refused !== undefined) return [refusedSpan(story, refused)]
  const answered = told.find(({ kind }) => kind === entryKind.published)
  if (message === undefined && answered === undefined) return []
  const proxy = { service: 'tern-proxy', zone: answered?.zone ?? '', instance: answered?.proxy ?? 0 } as const
  const times = timesOf(story, answered)
  const publish = rootOf(story, { ...proxy, ...times.publish })
  return [publish, ...partsOf(story, publish, proxy, times)]
}

type Process = Pick<RenderedSpan, 'service' | 'zone' | 'instance'>
type Times = Pick<RenderedSpan, 'startUs' | 'endUs'>

/** Who owned the queue then is not told: the zone is left open. */
const broker = { service: 'tern-broker', zone: '', instance: 0 } as const
const quiet = { isError: false, statusMessage: '', events: [], links: [] }

function partsOf(
  story: Story,
  publish: RenderedSpan,
  proxy: Process,
  times: ReturnType<typeof timesOf>,
): readonly RenderedSpan[] {
  const { queue, position, message } = story
  const atOnce = { startUs: publish.startUs, endUs: publish.startUs }
  const part = (
    [name, kind]: [string, RenderedSpan['kind']],
    parent: RenderedSpan,
    where: Process & Times,
    attributes: Attributes,
  ): RenderedSpan => ({
    ...{ name, kind, ...where, ...quiet },
    ...{ spanId: spanIdOf(name, queue, position), parentSpanId: parent.spanId },
    attributes: { 'messaging.system': 'mqtt', ...attributes },
  })
  const queued = { 'messaging.destination.partition.id': `${queue}` }
  const principal = { 'tern.principal': message?.principal || 'anonymous' }
  const authorize = part(['authorize', 'internal'], publish, { ...proxy, ...atOnce }, principal)
  const route = part(['route', 'internal'], publish, { ...proxy, ...atOnce }, queued)
  const forward = part(['forward', 'client'], publish, { ...proxy, ...times.append }, queued)
  const append = part(['append', 'server'], forward, { ...broker, ...times.append }, queued)
  const send = part(
    ['send tern.messages', 'producer'],
    append,
    { ...broker, ...times.store },
    {
      ...messageAttributes(story),
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'tern.log.offset': position,
    },
  )
  return [authorize, route, forward, append, send]
}

/** Clocks of two machines differ by a little: no part lies outside of what it is a part of. */
function timesOf({ message }: Story, answered: Told | undefined) {
  const storedUs = (message?.storedMs ?? 0) * 1000
  if (answered === undefined) {
    const startUs = message !== undefined && message.receivedMs > 0 ? message.receivedMs * 1000 : storedUs
    const span = { startUs, endUs: Math.max(startUs, storedUs) }
    return { publish: span, append: span, store: { startUs: span.endUs, endUs: span.endUs } }
  }
  const { startUs, middleUs, endUs } = answered
  const taken = storedUs === 0 ? middleUs : Math.min(middleUs, Math.max(startUs, storedUs))
  return {
    publish: { startUs, endUs },
    append: { startUs, endUs: middleUs },
    store: { startUs: taken, endUs: middleUs },
  }
}

function rootOf(story: Story, where: Process & Times): RenderedSpan {
  const { message, told, traceId } = story
  const of = message ?? told.find(({ kind }) => kind === entryKind.published || kind === entryKind.publishRefused)
  const context = message?.context ?? told.find((each) => each.context !== undefined)?.context
  const came = context !== undefined && context.spanId !== noSpan ? context : undefined
  return {
    spanId: publishSpanId(story),
    parentSpanId: came?.traceId === traceId ? came.spanId : '',
    name: 'publish',
    kind: 'server',
    ...where,
    ...quiet,
    attributes: {
      ...messageAttributes(story),
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      ...(of !== undefined && of.clientId !== '' && { 'messaging.client.id': of.clientId }),
      ...(message !== undefined && {
        'messaging.message.body.size': message.payloadBytes,
        'messaging.mqtt.retain': message.retain,
        ...(message.expirySeconds !== undefined && { 'messaging.mqtt.expiry_seconds': message.expirySeconds }),
      }),
      'messaging.mqtt.qos': of?.qos ?? 0,
    },
    links: came !== undefined && came.traceId !== traceId ? [came] : [],
  }
}

function refusedSpan(story: Story, refused: Told): RenderedSpan {
  const { zone, proxy, startUs, endUs, code, reason } = refused
  const attributes = { 'messaging.mqtt.reason_code': code, ...(reason !== '' && { 'tern.reason': reason }) }
  const event: RenderedEvent = { timeUs: endUs, name: 'refused', attributes }
  const root = rootOf(story, { service: 'tern-proxy', zone, instance: proxy, startUs, endUs })
  return {
    ...root,
    // Several refused messages of one trace have no address to tell them apart.
    spanId: story.position >= 0 ? root.spanId : spanIdOf('publish', story.traceId, refused.clientId, startUs),
    isError: true,
    statusMessage: reason || `refused with reason code 0x${code.toString(16)}`,
    attributes: { ...root.attributes, ...attributes, 'error.type': 'refused' },
    events: [event],
  }
}
