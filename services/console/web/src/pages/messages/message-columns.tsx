import { Link } from '@tanstack/react-router'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import { bytes } from '../../lib/format.ts'
import { bytesOf, firstLine } from '../../lib/payload.ts'
import { qosOf } from '../../lib/words.ts'
import type { Column } from '../../parts/data-table.tsx'
import { Time } from '../../parts/time.tsx'

/** Of messages, wherever they are listed. */
export const messageColumns: readonly Column<MessageJson>[] = [
  { title: 'Time', cell: ({ publishTime }) => <Time at={publishTime} relative={false} /> },
  {
    title: 'Message',
    cell: ({ messageId = '' }) => (
      <Link to="/messages/$messageId" params={{ messageId } as never} className="mono">
        {messageId}
      </Link>
    ),
  },
  { title: 'Topic', cell: ({ topic }) => <span className="breakable">{topic}</span> },
  {
    title: 'Publisher',
    cell: ({ publisherClientId = '' }) => (
      <Link to="/clients/$clientId" params={{ clientId: publisherClientId } as never} className="breakable">
        {publisherClientId}
      </Link>
    ),
  },
  { title: 'QoS', number: true, cell: ({ qos, retain }) => `${qosOf(qos)}${retain ? ' R' : ''}` },
  { title: 'Size', number: true, cell: ({ payloadSize }) => bytes(Number(payloadSize ?? 0)) },
  { title: 'Payload', cell: ({ payload }) => <code className="cut line">{firstLine(bytesOf(payload))}</code> },
]
