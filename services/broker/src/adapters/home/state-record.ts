import { state } from '@tern/proto'
import { encodeBody, readBody } from '@tern/record'

/** What a key of tern.state holds; undefined in a write deletes the key. */
export type StateEntry = NonNullable<state.StateValue['value']>
export type StateWrite = readonly [key: string, value: StateEntry | undefined]

/**
 * Orders the records of a state partition. Besides the epoch every write has a number of its own: a copy that a log client
 * delivers late, after newer writes of the same owner, is told from them. Tombstones carry both too.
 */
export type Fence = Readonly<{ epoch: number; number: number }>

export type StateRecord = Readonly<{ key: string; value: StateEntry | undefined; fence: Fence }>

const lowest: Fence = { epoch: -1, number: -1 }
const fenceHeader = 'fence'

export function encodeStateRecord([key, value]: StateWrite, { epoch, number }: Fence): Buffer {
  const content = value === undefined ? null : state.StateValue.encode({ epoch, value }).finish()
  return encodeBody(Buffer.from(key), content, [[fenceHeader, Buffer.from(`${epoch}.${number}`)]])
}

/** A record that nobody of ours wrote has the lowest fence of all, and so is never current. */
export function decodeStateRecord(body: Buffer): StateRecord | undefined {
  const { key, value, header } = readBody(body, 0, body.length)
  if (key === null) return undefined
  const written = /^(\d{1,15})\.(\d{1,15})$/.exec(header(fenceHeader)?.toString('latin1') ?? '')
  const fence = written === null ? lowest : { epoch: Number(written[1]), number: Number(written[2]) }
  // Copied, since the record is a view of a whole read and its value may be kept for long.
  const content = value === null ? undefined : state.StateValue.decode(Buffer.from(value)).value
  return { key: key.toString(), value: content, fence }
}
