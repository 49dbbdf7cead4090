import type { QueuePlace } from './page-merge.ts'

/** What a page leaves to the next one. */
export type PageState = Readonly<{
  places: readonly QueuePlace[]
  /** Since the first page. */
  scanned: number
  /** What the range holds, about. */
  range: number
}>

const version = 1
/** Far above what a region has (`--queues` takes at most 1000). */
const placesMax = 10_000

/** As few bytes as that: a token travels with each call. */
export function encodePageState({ places, scanned, range }: PageState): Uint8Array {
  const numbers = [version, scanned, range, places.length]
  for (const { queue, next, until } of places) numbers.push(queue, Math.min(next, until), Math.abs(next - until))
  return encodeNumbers(numbers)
}

/** Undefined for whatever `encodePageState` would not have written. */
export function decodePageState(bytes: Uint8Array, newestFirst: boolean): PageState | undefined {
  const numbers = decodeNumbers(bytes)
  if (numbers === undefined) return undefined
  const [found, scanned, range, count, ...rest] = numbers
  if (found !== version || scanned === undefined || range === undefined || count === undefined) return undefined
  if (count > placesMax || rest.length !== 3 * count) return undefined
  const places = Array.from({ length: count }, (_, i): QueuePlace => {
    const [queue = 0, low = 0, length = 0] = rest.slice(3 * i, 3 * i + 3)
    return newestFirst ? { queue, next: low + length, until: low } : { queue, next: low, until: low + length }
  })
  return { places, scanned, range }
}

/** Positions by queue, as text for people's scripts: where to go on after what came. */
export function encodeCursor(positions: ReadonlyMap<number, number>): string {
  const numbers = [...positions].flat()
  const bytes = encodeNumbers([version, positions.size, ...numbers])
  return Buffer.from([...bytes, ...checksumOf(bytes)]).toString('base64url')
}

/** Undefined for whatever `encodeCursor` would not have written. */
export function decodeCursor(text: string): Map<number, number> | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text || bytes.length < checksumBytes) return undefined
  const content = bytes.subarray(0, -checksumBytes)
  if (!Buffer.from(checksumOf(content)).equals(bytes.subarray(-checksumBytes))) return undefined
  const [found, count, ...rest] = decodeNumbers(content) ?? []
  if (found !== version || count === undefined || count > placesMax || rest.length !== 2 * count) return undefined
  return new Map(Array.from({ length: count }, (_, i) => [rest[2 * i] as number, rest[2 * i + 1] as number]))
}

/** Of numbers from 0 to 2^53: seven bits a byte, the last byte first. */
function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (const number of numbers) {
    let rest = number
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) + 0x80)
      rest = Math.floor(rest / 0x80)
    }
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

function decodeNumbers(bytes: Uint8Array): number[] | undefined {
  const numbers: number[] = []
  let value = 0
  let scale = 1
  for (const byte of bytes) {
    value += (byte % 0x80) * scale
    if (!Number.isSafeInteger(value)) return undefined
    if (byte >= 0x80) {
      scale *= 0x80
      continue
    }
    numbers.push(value)
    value = 0
    scale = 1
  }
  return scale === 1 ? numbers : undefined
}

const checksumBytes = 2

/** So that a cursor that was cut or mistyped is not taken for another one (Fletcher's). */
function checksumOf(bytes: Uint8Array): [number, number] {
  let low = 7
  let high = 0
  for (const byte of bytes) {
    low = (low + byte) % 255
    high = (high + low) % 255
  }
  return [low, high]
}
