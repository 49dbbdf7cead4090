import { ago, clock } from '../lib/format.ts'
import { useNow } from '../lib/use-now.ts'

/** Absolute, with how long ago beside it. */
export function Time({ at, relative = true }: Readonly<{ at: string | undefined; relative?: boolean }>) {
  const now = useNow()
  if (at === undefined) return <span className="muted">never</span>
  const time = Date.parse(at)
  return (
    <time dateTime={at} className="nowrap" title={new Date(time).toISOString()}>
      {clock(time, now)}
      {relative ? <span className="muted"> · {ago(time, now)}</span> : null}
    </time>
  )
}
