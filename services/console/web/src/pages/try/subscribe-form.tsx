import { type FormEvent, useEffect, useState } from 'react'
import { reasonOf } from '../../lib/words.ts'
import type { QoS } from '../../mqtt/packets.ts'
import type { KeptConnection } from './kept.ts'
import type { useConnection } from './use-connection.ts'

export type FormProps = Readonly<{
  kept: KeptConnection
  change(change: Partial<KeptConnection>): void
  connection: ReturnType<typeof useConnection>
}>

/** Filters of the connection: subscribed to again whenever it connects. */
export function SubscribeForm({ kept, change, connection: { session, state } }: FormProps) {
  const [filter, setFilter] = useState('')
  const [qos, setQos] = useState<QoS>(1)
  const [answers, setAnswers] = useState<Readonly<Record<string, number>>>({})
  const { filters } = kept
  const subscribe = (each: string, level: QoS) =>
    void session.current
      ?.subscribe(each, level, false)
      .then((code) => setAnswers((before) => ({ ...before, [each]: code })))
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each connection; later ones subscribe when they are added.
  useEffect(() => {
    setAnswers({})
    if (state === 'connected') for (const each of filters) subscribe(each.filter, each.qos)
  }, [state])
  const add = (event: FormEvent) => {
    event.preventDefault()
    if (filter === '' || filters.some((each) => each.filter === filter)) return
    change({ filters: [...filters, { filter, qos }] })
    if (state === 'connected') subscribe(filter, qos)
    setFilter('')
  }
  const remove = (gone: string) => {
    change({ filters: filters.filter((each) => each.filter !== gone) })
    if (state === 'connected') void session.current?.unsubscribe(gone)
  }
  return (
    <div className="stack tight">
      <form className="filters" onSubmit={add}>
        <label className="field grow">
          <span>Subscribe to a filter</span>
          <input
            value={filter}
            placeholder="demo/#, or $share/group/demo/#"
            onChange={({ target }) => setFilter(target.value)}
          />
        </label>
        <QosSelect value={qos} set={setQos} />
        <button type="submit" className="button">
          Subscribe
        </button>
      </form>
      <ul className="chips" aria-label="Subscriptions">
        {filters.map((each) => (
          <li
            key={each.filter}
            className={`tag ${toneOf(answers[each.filter])}`}
            title={answers[each.filter] === undefined ? 'not subscribed' : reasonOf(answers[each.filter] ?? 0)}
          >
            <code>{each.filter}</code> QoS {each.qos}
            {(answers[each.filter] ?? 0) >= 128 ? ` ${reasonOf(answers[each.filter] ?? 0)}` : ''}
            <button
              type="button"
              className="link"
              aria-label={`Unsubscribe ${each.filter}`}
              onClick={() => remove(each.filter)}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

const toneOf = (code: number | undefined) => (code === undefined ? '' : code >= 128 ? 'bad' : 'ok')

export function QosSelect({ value, set }: Readonly<{ value: QoS; set(qos: QoS): void }>) {
  return (
    <label className="field narrow">
      <span>QoS</span>
      <select value={value} onChange={({ target }) => set(Number(target.value) as QoS)}>
        <option value={0}>0</option>
        <option value={1}>1</option>
        <option value={2}>2</option>
      </select>
    </label>
  )
}
