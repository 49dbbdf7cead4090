import { useEffect, useRef, useState } from 'react'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import type { ReplayMessagesResponseJson } from '../../gen/tern/v1/messaging_pb.js'
import type { ApiError } from '../../lib/api.ts'
import { count, whole } from '../../lib/format.ts'
import { liveSocket } from '../../lib/live-socket.ts'
import { useLive } from '../../lib/live-switch.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty, Failed } from '../../parts/states.tsx'
import { messageColumns } from './message-columns.tsx'
import { type MessageSearch, propertiesOf } from './query-request.ts'
import { withNewer } from './tail-buffer.ts'

const drawEveryMs = 250
const credit = 200

type TailProps = Readonly<{ search: MessageSearch; open(message: MessageJson): void }>

/** What comes, at most so many a second; how many were left out is said. A pause keeps what is there, and goes on where it stood. */
export function LiveTail({ search, open }: TailProps) {
  const { topic = '', publisher = '', property } = search
  const [sample, setSample] = useState(50)
  const [paused, setPaused] = useState(false)
  const tail = useTail({ topic, publisher, property, sample, running: !paused && topic !== '' })
  if (topic === '') {
    return (
      <Empty title="Which topics?" command="fleet/+/gps">
        <p className="muted">Give a filter above. For everything, which may be a lot, give #.</p>
      </Empty>
    )
  }
  return (
    <>
      <div className="spread">
        <div className="row">
          <button type="button" className="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
            {paused ? 'Go on' : 'Pause'}
          </button>
          <button type="button" className="button" onClick={tail.clear}>
            Clear
          </button>
          <label className="row small">
            <span className="nowrap">at most</span>
            <select value={sample} onChange={({ target }) => setSample(Number(target.value))}>
              {[10, 50, 200, 1_000].map((each) => (
                <option key={each} value={each}>
                  {each} a second
                </option>
              ))}
            </select>
          </label>
        </div>
        <p role="status" className="muted">
          {told(tail)}
          {tail.skipped === 0 ? '' : `, ${whole(tail.skipped)} left out by the limit`}
        </p>
      </div>
      {tail.error === undefined ? null : <Failed error={tail.error} kept={tail.rows.length > 0} />}
      {tail.rows.length === 0 ? (
        <Empty title="Nothing has come yet" command={`./tern pub ${topic.replace(/[+#]/g, 'x')} -m hi`} />
      ) : (
        <DataTable
          name="Live messages"
          rows={tail.rows}
          columns={messageColumns}
          keyOf={({ messageId = '' }) => messageId}
          open={open}
          opened={search['message']}
        />
      )}
    </>
  )
}

function told({ seen, isListening }: Readonly<{ seen: number; isListening: boolean }>): string {
  if (seen > 0) return `${count(seen, 'message')} shown`
  return isListening ? 'waiting for the first message' : 'connecting'
}

const startOf = (cursor: string) => (cursor === '' ? { anchor: 'ANCHOR_LATEST' } : { cursor })

type Asked = Readonly<{
  topic: string
  publisher: string
  property: string | undefined
  sample: number
  running: boolean
}>

function useTail({ topic, publisher, property, sample, running }: Asked) {
  const { on } = useLive()
  const [rows, setRows] = useState<readonly MessageJson[]>([])
  const [figures, setFigures] = useState({ seen: 0, skipped: 0 })
  const [error, setError] = useState<ApiError>()
  /** The region has said from where on it tells of messages. */
  const [isListening, setListening] = useState(false)
  const cursor = useRef({ asked: '', at: '' })
  const asked = JSON.stringify({ topic, publisher, property })
  const [askedBefore, setAskedBefore] = useState(asked)
  if (askedBefore !== asked) {
    setAskedBefore(asked)
    setRows([])
    setFigures({ seen: 0, skipped: 0 })
    setListening(false)
  }
  useEffect(() => {
    if (!running || !on) return
    // Another question begins at its own end; the same one, after a pause, where it stood.
    if (cursor.current.asked !== asked) cursor.current = { asked, at: '' }
    const { topic: topicFilter, publisher: publisherClientId, property: text } = JSON.parse(asked) as MessageSearch
    const waiting: MessageJson[] = []
    let skipped = 0
    const stream = liveSocket.subscribe({
      ...{ rpc: 'MessagingService/ReplayMessages', credit },
      request: () => ({
        ...{
          topicFilter,
          publisherClientId,
          userProperties: propertiesOf(text),
          follow: true,
          payloadPreviewBytes: 4_096,
        },
        ...{ samplePerSecond: sample, start: startOf(cursor.current.at) },
      }),
      event: (data) => {
        const response = data as ReplayMessagesResponseJson
        waiting.push(...(response.messages ?? []))
        skipped += Number(response.skipped ?? 0)
        cursor.current = { asked, at: response.cursor ?? cursor.current.at }
        setError(undefined)
        setListening(true)
        stream.credit(1)
      },
      error: setError,
    })
    const timer = setInterval(() => {
      if (waiting.length === 0) return
      const newer = waiting.splice(0)
      setRows((before) => withNewer(before, newer))
      setFigures((before) => ({ seen: before.seen + newer.length, skipped: before.skipped + skipped }))
      skipped = 0
    }, drawEveryMs)
    return () => {
      stream.end()
      clearInterval(timer)
    }
  }, [asked, sample, running, on])
  const clear = () => {
    setRows([])
    setFigures({ seen: 0, skipped: 0 })
  }
  return { rows, ...figures, error, isListening, clear }
}
