import { connect } from 'node:net'

/** The network connection of a device, real or simulated. */
export type Wire = Readonly<{ write(bytes: Buffer): void; destroy(): void }>

export type WireListener = Readonly<{
  open(): void
  data(chunk: Buffer): void
  /** Nothing came for a while, whatever was sent; again for each further while. */
  silent(): void
  /** Called once, also when it could not be opened; `again` runs something later. */
  closed(again: (delayMs: number, run: () => void) => void): void
}>

/** Events come in later turns than the call. */
export type Dial = (address: string, listener: WireListener) => Wire

export const silenceMs = 1_500
export const redialDelay = 50

export const overTcp: Dial = (address, { open, data, silent, closed }) => {
  const [host = '', port = ''] = address.split(':')
  const socket = connect({ host, port: Number(port), noDelay: true })
  const quiet = setInterval(silent, silenceMs)
  socket.on('connect', open)
  socket.on('data', (chunk) => {
    quiet.refresh()
    data(chunk)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    clearInterval(quiet)
    closed((delayMs, run) => void setTimeout(run, delayMs))
  })
  return { write: (bytes) => void socket.write(bytes), destroy: () => void socket.destroy() }
}
