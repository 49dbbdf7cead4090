// A service in TypeScript: takes orders from MQTT devices as a member of a group, and publishes an invoice for each.
//
//   npx node examples/typescript/orders.ts 127.0.0.1:9090
import { connect, type ReceivedMessage } from '@tern/client'

const [url = '127.0.0.1:9090'] = process.argv.slice(2)
const tern = connect({ url, clientId: 'billing' })

const orders = tern.subscribe('orders/+/created', {
  group: 'billing',
  onOpened: ({ zone }) => console.log(`waiting for orders/+/created in group billing, by ${zone}`),
})
// In order: no more orders, the last invoices, then the end.
process.once('SIGTERM', () => void tern.drain())

for await (const order of orders) {
  try {
    await invoice(order)
    order.ack()
  } catch (error) {
    // Another member tries it in a second; what is no order at all will never be one.
    if (error instanceof SyntaxError) order.nack({ action: 'dead-letter', reason: error.message })
    else order.nack({ delayMs: 1_000 })
  }
}

async function invoice(order: ReceivedMessage): Promise<void> {
  const { total } = order.json<{ total: number }>()
  const topic = order.topic.replace('created', 'invoice')
  const { messageId } = await tern.publish(topic, { order: order.topic.split('/')[1], total })
  console.log(`${order.topic}: invoice ${messageId}`)
}
