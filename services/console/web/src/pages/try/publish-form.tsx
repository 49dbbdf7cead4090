import { type FormEvent, useEffect, useRef, useState } from 'react'
import { span } from '../../lib/format.ts'
import { reasonOf } from '../../lib/words.ts'
import { savedMax } from './kept.ts'
import { type FormProps, QosSelect } from './subscribe-form.tsx'

const fastestMs = 100

/** Once or again and again; the answer of the server stands beside it. */
export function PublishForm({ kept, change, connection: { session, state } }: FormProps) {
  const { publish, saved } = kept
  const [answer, setAnswer] = useState('')
  const [repeating, setRepeating] = useState(false)
  const set = (part: Partial<typeof publish>) => change({ publish: { ...publish, ...part } })
  const send = () => {
    const at = performance.now()
    const { topic, payload, qos, retain, properties } = publish
    const userProperties = properties.split('\n').flatMap((line) => {
      const [name = '', ...value] = line.split('=')
      return name.trim() === '' ? [] : [{ name: name.trim(), value: value.join('=') }]
    })
    void session.current
      ?.publish(
        topic,
        new TextEncoder().encode(payload),
        qos,
        retain,
        userProperties.length > 0 ? { userProperties } : {},
      )
      .then((code) =>
        setAnswer(qos === 0 ? 'sent, QoS 0 has no answer' : `${reasonOf(code)} after ${span(performance.now() - at)}`),
      )
  }
  const newest = useRef(send)
  newest.current = send
  useEffect(() => {
    if (!repeating || state !== 'connected') return
    const timer = setInterval(() => newest.current(), Math.max(fastestMs, publish.everyMs))
    return () => clearInterval(timer)
  }, [repeating, state, publish.everyMs])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (publish.everyMs > 0) setRepeating(!repeating)
    else send()
  }
  const connected = state === 'connected'
  const save = () => {
    const others = saved.filter(({ name }) => name !== publish.topic)
    change({
      saved: [{ name: publish.topic, topic: publish.topic, payload: publish.payload }, ...others].slice(0, savedMax),
    })
  }
  return (
    <form className="stack tight" onSubmit={submit}>
      <div className="filters">
        <label className="field grow">
          <span>Publish to a topic</span>
          <input value={publish.topic} onChange={({ target }) => set({ topic: target.value })} />
        </label>
        <QosSelect value={publish.qos} set={(qos) => set({ qos })} />
        <label className="field narrow">
          <span>Every, ms</span>
          <input
            type="number"
            min={0}
            step={100}
            value={publish.everyMs}
            onChange={({ target }) => set({ everyMs: Math.max(0, Number(target.value)) })}
          />
        </label>
        <label className="row">
          <input type="checkbox" checked={publish.retain} onChange={({ target }) => set({ retain: target.checked })} />{' '}
          retain
        </label>
      </div>
      <label className="field">
        <span>Payload</span>
        <textarea rows={3} value={publish.payload} onChange={({ target }) => set({ payload: target.value })} />
      </label>
      <details>
        <summary className="small muted">User properties and saved payloads</summary>
        <div className="stack tight">
          <label className="field">
            <span>User properties, a name=value on each line</span>
            <textarea
              rows={2}
              value={publish.properties}
              onChange={({ target }) => set({ properties: target.value })}
            />
          </label>
          <ul className="chips">
            <li>
              <button type="button" className="button small" onClick={save}>
                Save this one
              </button>
            </li>
            {saved.map(({ name, topic, payload }) => (
              <li key={name}>
                <button type="button" className="button small" onClick={() => set({ topic, payload })}>
                  {name}
                </button>
              </li>
            ))}
          </ul>
        </div>
      </details>
      <div className="row">
        <button type="submit" className="button primary" disabled={!connected}>
          {publish.everyMs === 0 ? 'Publish' : repeating ? 'Stop' : 'Publish repeatedly'}
        </button>
        <span role="status" className="small">
          {answer}
        </span>
      </div>
    </form>
  )
}
