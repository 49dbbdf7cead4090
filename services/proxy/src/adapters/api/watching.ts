import type { CallContext } from '@tern/rpc'
import type { Clock } from '@tern/runtime'

export type Watching = Readonly<{
  everyMs: number
  clock: Clock
  call: Pick<CallContext, 'signal' | 'draining'>
  /** Also at once when it wakes; gives back how to stop listening. */
  onWake?: (wake: () => void) => () => void
  /** Told again though nothing has changed. */
  always?: boolean
}>

/** What is looked at is told at once, and then each time it has changed, until nobody listens any more. */
export async function* changesOf<Answer>(look: () => Promise<Answer>, watching: Watching): AsyncGenerator<Answer> {
  const { everyMs, clock, call, onWake, always = false } = watching
  let wake = () => {}
  let isWoken = false
  const stop = onWake?.(() => {
    isWoken = true
    wake()
  })
  const over = () => wake()
  for (const signal of [call.signal, call.draining]) signal.addEventListener('abort', over)
  try {
    let told = ''
    while (!call.signal.aborted && !call.draining.aborted) {
      isWoken = false
      const answer = await look()
      const text = always ? '' : JSON.stringify(answer)
      if (always || text !== told) yield answer
      told = text
      if (isWoken) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        const timer = clock.after(everyMs, resolve)
        if (call.signal.aborted || call.draining.aborted) {
          timer.cancel()
          resolve()
        }
      })
    }
  } finally {
    stop?.()
    for (const signal of [call.signal, call.draining]) signal.removeEventListener('abort', over)
  }
}
