import { type FormEvent, useState } from 'react'
import type { WhyResponseJson } from '../../gen/tern/v1/traces_pb.js'
import { word } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { Answered } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'

/** One question: why did it (not) arrive there? */
export function WhyForm({ messageId }: Readonly<{ messageId: string }>) {
  const [search, setSearch] = useSearchText()
  const asked = search['why'] ?? ''
  const [clientId, setClientId] = useState(asked)
  const query = useCall<WhyResponseJson>('TraceService/Why', { messageId, clientId: asked }, { enabled: asked !== '' })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setSearch({ why: clientId })
  }
  return (
    <section className="card stack" aria-labelledby="why-title">
      <h2 id="why-title">Why did it (not) arrive?</h2>
      <form className="filters" onSubmit={submit}>
        <label className="field grow">
          <span>Client id</span>
          <input value={clientId} onChange={({ target }) => setClientId(target.value)} placeholder="car-17" />
        </label>
        <button type="submit" className="button primary">
          Ask
        </button>
      </form>
      {asked === '' ? null : (
        <Answered query={query}>
          {({ answer, text, hint, time, topicFilter }) => (
            <div className="stack tight" role="status">
              <p className="row">
                <span className={`tag ${answer === 'WHY_ANSWER_DELIVERED' ? 'ok' : 'warn'}`}>
                  {word(answer, 'WHY_ANSWER_')}
                </span>
                {time === undefined ? null : <Time at={time} />}
              </p>
              <p className="breakable">{text}</p>
              {hint ? <p className="muted">Next: {hint}</p> : null}
              {topicFilter ? (
                <p className="small muted">
                  by <code>{topicFilter}</code>
                </p>
              ) : null}
            </div>
          )}
        </Answered>
      )}
    </section>
  )
}
