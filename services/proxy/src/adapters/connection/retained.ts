import type { state } from '@tern/proto'
import type { Session } from './session.ts'

/** Sends the retained messages of a new subscription, a page at a time and as fast as the client takes them (D11). */
export async function sendRetained(session: Session, { filter, starts }: state.Subscription): Promise<void> {
  const { delivery, connection } = session
  const { region } = connection.context
  for (const { queue, position } of starts) {
    let after = ''
    do {
      const { messages, nextAfterTopic } = await region.retained(queue, filter, position, after)
      for (const message of messages) {
        while (!delivery.takeRetained(message, filter)) await delivery.whenRoom()
      }
      after = nextAfterTopic
    } while (after !== '' && !delivery.closed)
  }
}
