import { type Dial, silenceMs } from '../failure/wire.ts'
import type { Site } from './site.ts'
import type { Process } from './timeline.ts'

/** Connections of the devices of one process, to proxies of the simulated region. */
export const simulatedDial =
  ({ network, timeline }: Site, process: Process): Dial =>
  (address, { open, data, silent, closed }) => {
    const stream = network.dial<Buffer, Buffer>(process, address)
    const clock = timeline.clockOf(process)
    let over = false
    let quiet = clock.after(0, () => {})
    const stir = () => {
      quiet.cancel()
      quiet = clock.after(silenceMs, () => {
        if (over) return
        stir()
        silent()
      })
    }
    stream.listen({
      frame(chunk) {
        stir()
        if (!over) data(chunk)
      },
      end() {
        over = true
        quiet.cancel()
        clock.soon(() => closed((delayMs, run) => void clock.after(delayMs, run)))
      },
    })
    clock.soon(() => {
      if (!over) open()
    })
    stir()
    return {
      write: (bytes) => stream.send(bytes),
      destroy: () => stream.end(),
    }
  }
