import { Link } from '@tanstack/react-router'
import { count } from '../../lib/format.ts'
import { firstLine } from '../../lib/payload.ts'
import { messagesMax, type Received } from './use-connection.ts'

/** What came, newest first; the topic leads to its page, where the message and its trace are. */
export function ReceivedList({ messages, clear }: Readonly<{ messages: readonly Received[]; clear(): void }>) {
  if (messages.length === 0) return <p className="muted">Nothing has come yet.</p>
  return (
    <div className="stack tight">
      <p className="spread small">
        <span className="muted">
          {count(messages.length, 'message')}
          {messages.length === messagesMax ? ', older ones are gone' : ''}
        </span>
        <button type="button" className="button small" onClick={clear}>
          Clear
        </button>
      </p>
      <ol className="packets" aria-label="Messages received, newest first">
        {messages.map(({ id, at, message }) => (
          <li key={id}>
            <span className="muted">{new Date(at).toISOString().slice(11, 23)}</span>{' '}
            <Link to="/messages" search={{ topic: message.topic } as never} className="breakable">
              {message.topic}
            </Link>{' '}
            <span className="tag">QoS {message.qos}</span>
            {message.retain ? <span className="tag accent">retained</span> : null}{' '}
            <code className="breakable">{firstLine(message.payload)}</code>
          </li>
        ))}
      </ol>
    </div>
  )
}
