import { useParams } from '@tanstack/react-router'
import type { GetMessageResponseJson } from '../../gen/tern/v1/messaging_pb.js'
import { useCall } from '../../lib/use-call.ts'
import { Page } from '../../parts/page.tsx'
import { Answered } from '../../parts/states.tsx'
import { MessageView } from './message-view.tsx'
import { WhyForm } from './why-form.tsx'

/** One message at an address of its own. */
export function MessagePage() {
  const { messageId = '' } = useParams({ strict: false }) as { messageId?: string }
  const query = useCall<GetMessageResponseJson>('MessagingService/GetMessage', { messageId })
  return (
    <Page title={<span className="mono">{messageId}</span>} name={messageId} note="A stored message">
      <Answered query={query}>
        {({ message = {} }) => (
          <div className="card">
            <MessageView message={message} />
          </div>
        )}
      </Answered>
      <WhyForm messageId={messageId} />
    </Page>
  )
}
