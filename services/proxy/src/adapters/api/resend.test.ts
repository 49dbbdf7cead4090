import { expect, onTestFinished, test } from 'vitest'
import { served } from './served.fixture.ts'

const context = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

async function opened() {
  const world = await served(onTestFinished)
  const { owners } = world
  const queue = owners.scans.queueOf('shop/order')
  const position = owners.publish('shop/order', 'first', 5_000, {
    retain: true,
    qos: 2,
    userProperties: [
      { name: 'k', value: 'v' },
      { name: 'traceparent', value: context },
    ],
  })
  return { ...world, messageId: `${queue}-${position}` }
}

test('a message is published again with where it came from, in a trace of its own, and is not retained again', async () => {
  const { resend, query, messageId } = await opened()
  const { results } = await resend({ messageIds: [messageId] })
  const receipt = results[0]?.outcome?.$case === 'receipt' ? results[0].outcome.value : undefined
  const { messages } = await query({ topicFilter: 'shop/order' })
  expect(messages.map((each) => each.messageId)).toEqual([messageId, receipt?.messageId])
  expect(messages[1]).toMatchObject({
    payload: Buffer.from('first'),
    retain: false,
    qos: messages[0]?.qos,
    traceparent: '',
    userProperties: [
      { name: 'k', value: 'v' },
      { name: 'tern-resent-from', value: messageId },
    ],
  })
})

test('another topic and another payload take the place of those that were stored', async () => {
  const { resend, query, messageId } = await opened()
  await resend({ messageIds: [messageId], topic: 'other', payload: Buffer.from('second') })
  expect((await query({ topicFilter: 'other' })).messages).toMatchObject([{ payload: Buffer.from('second') }])
})

test('a look before says what would be published, and publishes nothing', async () => {
  const { resend, owners, messageId } = await opened()
  const stored = owners.logs.flat().length
  const { messages, results } = await resend({ messageIds: [messageId, '0-9999'], topic: 'other', validateOnly: true })
  expect(messages).toMatchObject([{ topic: 'other', messageId: '', payload: Buffer.from('first') }])
  expect(results).toMatchObject([{ outcome: undefined }, { outcome: { $case: 'error', value: { code: 5 } } }])
  expect(owners.logs.flat()).toHaveLength(stored)
})
