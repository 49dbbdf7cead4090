import { useState } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { codeOf } from './code.ts'
import type { KeptConnection } from './kept.ts'
import { PublishForm } from './publish-form.tsx'
import { ReceivedList } from './received-list.tsx'
import { SubscribeForm } from './subscribe-form.tsx'
import { useConnection } from './use-connection.ts'

const keepAliveSeconds = 30

export type CardProps = Readonly<{
  kept: KeptConnection
  /** Where proxies take WebSockets. */
  addresses: readonly string[]
  mqtt: string
  change(change: Partial<KeptConnection>): void
  remove?: () => void
}>

export function ConnectionCard({ kept, addresses, mqtt, change, remove }: CardProps) {
  const connection = useConnection()
  const { state, why, log, messages } = connection
  const [view, setView] = useState<'messages' | 'packets' | 'code'>('messages')
  const address = addresses.includes(kept.url) ? kept.url : (addresses[0] ?? '')
  const connect = () => {
    const { clientId, cleanStart, sessionExpirySeconds, willTopic, willPayload } = kept
    const payload = new TextEncoder().encode(willPayload)
    const will = willTopic === '' ? undefined : { topic: willTopic, payload, qos: 1 as const, retain: false }
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    connection.open(`${scheme}://${address}/mqtt`, {
      clientId,
      cleanStart,
      sessionExpirySeconds,
      will,
      keepAliveSeconds,
    })
  }
  const connected = state === 'connected'
  return (
    <section className="card stack" aria-label={`Connection ${kept.clientId}`}>
      <div className="spread">
        <h2 className="row">
          <span className={`tag ${connected ? 'ok' : ''}`}>
            {connected ? '●' : '○'} {state}
          </span>
          <span className="small muted">{why}</span>
        </h2>
        <div className="row">
          {state === 'closed' ? (
            <button type="button" className="button primary" disabled={address === ''} onClick={connect}>
              Connect
            </button>
          ) : (
            <>
              <button type="button" className="button" onClick={() => connection.session.current?.close()}>
                Disconnect
              </button>
              <button
                type="button"
                className="button"
                title="As a lost connection: the will fires"
                onClick={() => connection.session.current?.close(true)}
              >
                Drop
              </button>
            </>
          )}
          {remove === undefined ? null : (
            <button type="button" className="button" onClick={remove}>
              Remove
            </button>
          )}
        </div>
      </div>
      {addresses.length === 0 ? <p className="muted">No proxy says where it takes WebSockets.</p> : null}
      <Options kept={kept} addresses={addresses} address={address} change={change} disabled={state !== 'closed'} />
      <SubscribeForm kept={kept} change={change} connection={connection} />
      <PublishForm kept={kept} change={change} connection={connection} />
      <fieldset className="chips" aria-label="Show">
        {(['messages', 'packets', 'code'] as const).map((each) => (
          <button
            key={each}
            type="button"
            className="button small"
            aria-pressed={view === each}
            onClick={() => setView(each)}
          >
            {each}
          </button>
        ))}
      </fieldset>
      {view === 'messages' ? <ReceivedList messages={messages} clear={connection.clear} /> : null}
      {view === 'packets' ? (
        <ol className="packets" aria-label="Packets, newest first">
          {log.map(({ id, at, way, what }) => (
            <li key={id}>
              <span className="muted">{new Date(at).toISOString().slice(11, 23)}</span>{' '}
              <span>{way === 'out' ? '→' : '←'}</span> <span className="breakable">{what}</span>
            </li>
          ))}
        </ol>
      ) : null}
      {view === 'code' ? (
        <ul className="stack tight">
          {codeOf(kept, mqtt).map(([name, text]) => (
            <li key={name} className="stack tight">
              <span className="spread">
                <strong>{name}</strong> <CopyButton text={text} />
              </span>
              <pre className="payload">{text}</pre>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  )
}

type OptionsProps = Readonly<{
  kept: KeptConnection
  addresses: readonly string[]
  address: string
  change(change: Partial<KeptConnection>): void
  disabled: boolean
}>

function Options({ kept, addresses, address, change, disabled }: OptionsProps) {
  return (
    <fieldset className="filters plain" disabled={disabled} aria-label="Connection">
      <label className="field">
        <span>Proxy</span>
        <select value={address} onChange={({ target }) => change({ url: target.value })}>
          {addresses.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <label className="field grow">
        <span>Client id</span>
        <input value={kept.clientId} onChange={({ target }) => change({ clientId: target.value })} />
      </label>
      <label className="field narrow">
        <span>Session kept, s</span>
        <input
          type="number"
          min={0}
          value={kept.sessionExpirySeconds}
          onChange={({ target }) => change({ sessionExpirySeconds: Math.max(0, Number(target.value)) })}
        />
      </label>
      <label className="row">
        <input
          type="checkbox"
          checked={kept.cleanStart}
          onChange={({ target }) => change({ cleanStart: target.checked })}
        />{' '}
        clean start
      </label>
      <label className="field">
        <span>Will topic</span>
        <input value={kept.willTopic} onChange={({ target }) => change({ willTopic: target.value })} />
      </label>
      <label className="field">
        <span>Will payload</span>
        <input value={kept.willPayload} onChange={({ target }) => change({ willPayload: target.value })} />
      </label>
    </fieldset>
  )
}
