import { useState } from 'react'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import type { ResendMessagesResponseJson } from '../../gen/tern/v1/messaging_pb.js'
import { call } from '../../lib/api.ts'
import { bytes, count } from '../../lib/format.ts'
import { base64OfText, bytesOf, textOf } from '../../lib/payload.ts'
import { Confirm } from '../../parts/confirm.tsx'

type ResendProps = Readonly<{
  ids: readonly string[]
  /** Of a single one: its payload can be changed. */
  message?: MessageJson | undefined
}>

export function ResendButton({ ids, message }: ResendProps) {
  const [open, setOpen] = useState(false)
  if (ids.length === 0) return null
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        Resend{ids.length > 1 ? ` ${count(ids.length, 'message')}` : ''}
      </button>
      {open ? <ResendDialog ids={ids} message={message} close={() => setOpen(false)} /> : null}
    </>
  )
}

function ResendDialog({
  ids,
  message,
  close,
}: ResendProps & Readonly<{ message: MessageJson | undefined; close(): void }>) {
  const original = message === undefined ? undefined : textOf(bytesOf(message.payload))
  const [topic, setTopic] = useState('')
  const [text, setText] = useState(original ?? '')
  const [planned, setPlanned] = useState<readonly MessageJson[]>()
  const [problem, setProblem] = useState('')
  const request = () => ({
    ...{ messageIds: ids, topic, requestId: crypto.randomUUID() },
    ...(original !== undefined && text !== original ? { payload: base64OfText(text) } : {}),
  })
  const plan = () => {
    setProblem('')
    call<ResendMessagesResponseJson>('MessagingService/ResendMessages', { ...request(), validateOnly: true }).then(
      ({ messages = [] }) => setPlanned(messages),
      (error: Error) => setProblem(error.message),
    )
  }
  return (
    <Confirm
      harmless
      title="Resend"
      act={`Publish ${count(ids.length, 'message')} again`}
      run={() => call('MessagingService/ResendMessages', request())}
      close={close}
    >
      <p>
        Published again to whoever subscribes now, with the user property <code>tern-resent-from</code>. What was stored
        stays as it is.
      </p>
      <label className="field">
        <span>Topic (empty: their own)</span>
        <input value={topic} onChange={({ target }) => setTopic(target.value)} />
      </label>
      {original === undefined ? null : (
        <label className="field">
          <span>Payload</span>
          <textarea rows={6} value={text} onChange={({ target }) => setText(target.value)} />
        </label>
      )}
      <div className="row">
        <button type="button" className="button" onClick={plan}>
          What would be published?
        </button>
        {problem === '' ? null : <span role="alert">{problem}</span>}
      </div>
      {planned === undefined ? null : (
        <ul className="stack tight" aria-label="Would be published">
          {planned.map(({ messageId, topic: to, payloadSize }) => (
            <li key={messageId} className="breakable">
              <code>{messageId}</code> to {to}, {bytes(Number(payloadSize ?? 0))}
            </li>
          ))}
        </ul>
      )}
    </Confirm>
  )
}
