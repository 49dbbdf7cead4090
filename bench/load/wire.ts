import { connect, type Socket } from 'node:net'
import { frame, text } from '../../test/support/mqtt-bytes.ts'

/** Calls back for each whole packet with its first byte and the place of its body. */
export function frames(socket: Socket, each: (type: number, data: Buffer, at: number, end: number) => void): void {
  let rest: Buffer | undefined
  socket.on('data', (chunk: Buffer) => {
    const data = rest ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    for (;;) {
      let length = 0
      let body = at + 1
      for (let shift = 0; body < data.length; shift += 7) {
        const byte = data[body++] as number
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      if (body > data.length || at + 1 >= data.length || body + length > data.length) break
      each(data[at] as number, data, body, body + length)
      at = body + length
    }
    rest = at === data.length ? undefined : data.subarray(at)
  })
}

/** The packet id of an acknowledgement, and the payload, of a PUBLISH whose body stands at [at, end). */
export function publishOf(type: number, data: Buffer, at: number): { packetId: number; payloadAt: number } {
  const topicEnd = at + 2 + data.readUInt16BE(at)
  return (type & 6) === 0
    ? { packetId: 0, payloadAt: topicEnd }
    : { packetId: data.readUInt16BE(topicEnd), payloadAt: topicEnd + 2 }
}

/** Acknowledgements of one turn leave together. */
export function puback(socket: Socket, packetId: number): void {
  socket.cork()
  socket.write(Buffer.from([0x40, 2, packetId >> 8, packetId & 0xff]))
  process.nextTick(() => socket.uncork())
}

export const answered = (socket: Socket): Promise<void> =>
  new Promise((resolve) => void socket.once('data', () => resolve()))

type OpenOptions = Readonly<{ clean?: boolean; leaves?: boolean; onPacket?: (socket: Socket) => void }>

/** Connects with MQTT 3.1.1, a clean session unless told; the addresses take turns by `index`. A server that hangs up ends the load. */
export async function open(
  addresses: readonly string[],
  index: number,
  clientId: string,
  { clean = true, leaves = false, onPacket }: OpenOptions = {},
): Promise<Socket> {
  const address = addresses[index % addresses.length] as string
  const at = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true })
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  onPacket?.(socket)
  if (!leaves) socket.once('close', () => process.exit(1))
  socket.write(frame(0x10, text('MQTT'), Buffer.from([4, clean ? 2 : 0, 0, 0]), text(clientId)))
  await answered(socket)
  return socket
}

export const subscribeBytes = (qos: number, ...filters: string[]): Buffer =>
  frame(0x82, Buffer.from([0, 1]), ...filters.flatMap((filter) => [text(filter), Buffer.from([qos])]))

export const after = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
