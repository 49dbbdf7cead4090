import { message } from '@tern/proto'
import { messageOf } from '../../../core/api/message.ts'
import { publishedRecord } from '../../../core/api/published-record.ts'
import type { StreamConnection } from './stream-connection.ts'
import type { SubscribePorts } from './subscribe.ts'

/** Publishes what a subscriber cannot work on to "$dead/<group or subscriber>/<topic>", and settles it once that is durable. */
export async function deadLetter(
  ackId: string,
  reason: string,
  connection: StreamConnection,
  { context, looking }: SubscribePorts,
): Promise<void> {
  const lease = connection.leaseOf(ackId)
  if (lease === undefined) return connection.ack([ackId])
  const { region, clock } = context
  const stored = messageOf(lease.message.source, looking.traceIds)
  const [, group] = /^\$share\/([^/]+)\//.exec(lease.filters[0] ?? '') ?? []
  const topic = `$dead/${group ?? connection.clientId.replaceAll(/[+#/\0]/g, '_')}/${stored.topic}`
  const again = message.Message.create({
    ...stored,
    ...{ topic, retain: false, traceparent: '', expiry: undefined },
    userProperties: [
      ...stored.userProperties,
      { name: 'tern-dead-from', value: stored.messageId },
      ...(reason === '' ? [] : [{ name: 'tern-dead-reason', value: reason.slice(0, 1_024) }]),
    ],
  })
  const record = publishedRecord(again, { clientId: connection.clientId, principal: '' }, clock.now())
  const queue = region.queueOf(topic)
  if (!region.hasRoom(queue)) await new Promise<void>((resolve) => region.whenRoom(queue, resolve))
  await new Promise<void>((resolve) =>
    region.append(queue, record, (result) => {
      if (result.verdict === 'stored') connection.ack([ackId])
      resolve()
    }),
  )
}
