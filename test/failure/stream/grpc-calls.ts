import { messaging } from '@tern/proto'
import { type ApiClient, type ApiStream, connectApi } from '@tern/rpc'
import type { DialCall } from './caller.ts'

type Messaging = ApiClient<typeof messaging.MessagingServiceService>

/** Each call with a channel of its own, as if each client were a process. */
const dialing =
  <Request, Response>(open: (client: Messaging) => ApiStream<Request, Response>): DialCall<Request, Response> =>
  (address, { response, closed }) => {
    const client = connectApi(address, messaging.MessagingServiceService)
    const stream = open(client)
    const read = async () => {
      for await (const each of stream) response(each)
    }
    read()
      .catch(() => {})
      .finally(() => {
        client.close()
        closed((delayMs, run) => void setTimeout(run, delayMs))
      })
    // One after the other: each waits until there is room for it.
    let sent = Promise.resolve()
    const send = (request: Request) => {
      sent = sent.then(() => stream.send(request)).catch(() => {})
    }
    return { send, cancel: () => stream.cancel() }
  }

export const subscribeCalls = dialing((client) => client.subscribe())
export const publishCalls = dialing((client) => client.publishStream())
