import { useState } from 'react'
import type { ResetGroupPositionResponseJson } from '../../gen/tern/v1/subscriptions_pb.js'
import { call } from '../../lib/api.ts'
import { whole } from '../../lib/format.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { momentOf } from '../messages/query-request.ts'

type To = 'ANCHOR_LATEST' | 'ANCHOR_EARLIEST' | 'time'

/** Where the group goes on; how much comes again or is passed over is said before. */
export function ResetPosition({ sharedFilter }: Readonly<{ sharedFilter: string }>) {
  const [open, setOpen] = useState(false)
  const [to, setTo] = useState<To>('ANCHOR_LATEST')
  const [time, setTime] = useState('1 h')
  const [planned, setPlanned] = useState('')
  const request = () => {
    const moment = momentOf(time, Date.now())
    return { sharedFilter, to: to === 'time' ? { time: moment } : { anchor: to } }
  }
  const plan = () =>
    call<ResetGroupPositionResponseJson>('SubscriptionService/ResetGroupPosition', {
      ...request(),
      validateOnly: true,
    }).then(
      ({ repeatedMessages, skippedMessages }) =>
        setPlanned(
          `${whole(Number(repeatedMessages ?? 0))} messages would come again, ${whole(Number(skippedMessages ?? 0))} would be passed over.`,
        ),
      (error: Error) => setPlanned(error.message),
    )
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        Reset position
      </button>
      {open ? (
        <Confirm
          title="Where the group goes on"
          act="Reset position"
          run={() => call('SubscriptionService/ResetGroupPosition', request())}
          close={() => setOpen(false)}
        >
          <div className="filters">
            <label className="field">
              <span>Go on at</span>
              <select value={to} onChange={({ target }) => setTo(target.value as To)}>
                <option value="ANCHOR_LATEST">the end: nothing of what waits</option>
                <option value="ANCHOR_EARLIEST">the oldest message kept</option>
                <option value="time">a time</option>
              </select>
            </label>
            {to === 'time' ? (
              <label className="field">
                <span>Time (1 h ago, or a date)</span>
                <input value={time} onChange={({ target }) => setTime(target.value)} />
              </label>
            ) : null}
            <button type="button" className="button" onClick={() => void plan()}>
              What would that do?
            </button>
          </div>
          <p role="status">{planned}</p>
        </Confirm>
      ) : null}
    </>
  )
}
