import type { GetMessageResponseJson } from '../../gen/tern/v1/messaging_pb.js'
import { useCall } from '../../lib/use-call.ts'
import { Answered } from '../../parts/states.tsx'
import { MessageView } from './message-view.tsx'

/** One message beside the list it was found in. */
export function MessageDrawer({ id, close }: Readonly<{ id: string; close(): void }>) {
  const query = useCall<GetMessageResponseJson>('MessagingService/GetMessage', { messageId: id })
  return (
    <section className="card stack drawer" aria-label={`Message ${id}`}>
      <div className="spread">
        <h2 className="mono">{id}</h2>
        <button type="button" className="button small" onClick={close}>
          Close
        </button>
      </div>
      <Answered query={query}>{({ message = {} }) => <MessageView message={message} />}</Answered>
    </section>
  )
}
