import { useEffect, useState } from 'react'
import { span } from '../lib/format.ts'
import { type LiveState, liveSocket } from '../lib/live-socket.ts'
import { useLive } from '../lib/live-switch.tsx'
import { useNow } from '../lib/use-now.ts'
import { useTopology } from '../lib/use-topology.ts'

const staleAfterMs = 3_000

/** live, paused, reconnecting or how old what is shown is. Pressed: it pauses. */
export function LiveDot() {
  const { on, toggle } = useLive()
  const { heardAt } = useTopology()
  const [state, setState] = useState<LiveState>(liveSocket.state)
  useEffect(() => liveSocket.onState(setState), [])
  const now = useNow()
  const age = now - heardAt
  const words = () => {
    if (!on) return 'paused'
    if (heardAt !== 0 && age > staleAfterMs) return `${span(Math.floor(age / 1_000) * 1_000)} old`
    if (state === 'reconnecting') return age > staleAfterMs ? 'reconnecting' : 'every 5 s'
    return heardAt === 0 ? 'connecting' : 'live'
  }
  const text = words()
  const look = text === 'live' ? 'live' : text === 'paused' ? '' : 'reconnecting'
  return (
    <button
      type="button"
      className="button quiet"
      aria-pressed={on}
      onClick={toggle}
      title="Live updates on or off (.)"
    >
      <span className={`live-dot ${look}`}>{text}</span>
    </button>
  )
}
