import type { ServerResponse } from 'node:http'
import { type Clock, pause, type Timer } from '@tern/runtime'
import { type ServerEvent, writeSome } from './exchange.ts'
import { httpLimits } from './limits.ts'

/** One event of a stream (WHATWG HTML, 9.2.6); a line break in a field would begin another. */
export function eventText({ id, event, data }: ServerEvent): string {
  const oneLine = (text: string) => text.replaceAll(/[\r\n\0]+/g, ' ')
  const head = `${event === undefined ? '' : `event: ${oneLine(event)}\n`}${id === undefined ? '' : `id: ${oneLine(id)}\n`}`
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `${head}${lines.join('')}\n`
}

/** How long the head of a stream waits for what may refuse it. */
const refusalMs = 20

/** Begins a source; rejects when it throws at once. What comes later, comes in the stream. */
export async function soonBegun<T>(source: AsyncGenerator<T>, clock: Clock): Promise<AsyncIterable<T>> {
  const first = source.next()
  await Promise.race([first, pause(clock, refusalMs)])
  return (async function* () {
    try {
      for (let next = await first; !next.done; next = await source.next()) yield next.value
    } finally {
      await source.return(undefined)
    }
  })()
}

/** Sends events until there are no more, or nobody reads; comments while there are none. What the source throws is told by an event, and thrown. */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  { clock, failed }: Readonly<{ clock: Clock; failed: (error: unknown) => ServerEvent }>,
): Promise<void> {
  let heartbeat: Timer | undefined
  const beat = () => {
    heartbeat = clock.after(httpLimits.heartbeatMs, () => {
      // To a reader that is behind nothing more is written: it will get what waits.
      if (!response.destroyed && !response.writableNeedDrain) response.write(': still here\n\n')
      beat()
    })
  }
  // Something at once, so that the reader knows that its stream is open.
  response.write(': open\n\n')
  beat()
  try {
    for await (const event of events) {
      if (!(await writeSome(response, eventText(event)))) return
    }
    response.end(eventText({ event: 'end', data: '{}' }))
  } catch (error) {
    if (!response.destroyed) response.end(eventText(failed(error)))
    throw error
  } finally {
    heartbeat?.cancel()
  }
}
