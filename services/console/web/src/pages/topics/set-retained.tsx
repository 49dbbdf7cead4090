import { useState } from 'react'
import { call } from '../../lib/api.ts'
import { base64OfText } from '../../lib/payload.ts'
import { Confirm } from '../../parts/confirm.tsx'

/** An ordinary publish with retain set. */
export function SetRetained({ topic, close, done }: Readonly<{ topic: string; close(): void; done(): void }>) {
  const [to, setTo] = useState(topic)
  const [text, setText] = useState('')
  const run = () => {
    const message = { topic: to, payload: base64OfText(text) }
    return call('RetainedService/SetRetained', { message, requestId: crypto.randomUUID() }).then(done)
  }
  return (
    <Confirm harmless title="Set a retained message" act="Publish" run={run} close={close}>
      <label className="field">
        <span>Topic</span>
        <input value={to} onChange={({ target }) => setTo(target.value)} required />
      </label>
      <label className="field">
        <span>Payload</span>
        <textarea rows={5} value={text} onChange={({ target }) => setText(target.value)} />
      </label>
      <p className="muted small">
        Subscribers of now get it like any other message; an empty payload clears the topic.
      </p>
    </Confirm>
  )
}
