import { isStreamedCall } from './api-call.ts'

/** What a tab says on its one WebSocket. The console answers with {event, data}, {error, ...}, {end} and {ping}. */
export type TabFrame =
  | Readonly<{ kind: 'begin'; sub: number; rpc: string; request: object; credit: number | undefined }>
  | Readonly<{ kind: 'credit'; sub: number; credit: number }>
  | Readonly<{ kind: 'end'; sub: number }>
  | Readonly<{ kind: 'pong' }>

export const frameBytesMax = 64 * 1024
export const creditMax = 100_000

/** A frame, or a sentence about what is wrong with it. */
export function readFrame(text: string): TabFrame | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'a frame is not JSON'
  }
  if (typeof value !== 'object' || value === null) return 'a frame is not an object'
  const { sub, rpc, req, credit, end, pong } = value as Record<string, unknown>
  if (pong !== undefined) return { kind: 'pong' }
  if (!isWhole(sub, 2 ** 31)) return '"sub" is missing or no whole number'
  if (end === true) return { kind: 'end', sub }
  if (credit !== undefined && !isWhole(credit, creditMax)) return `"credit" is no whole number up to ${creditMax}`
  if (rpc === undefined) return credit === undefined ? 'a frame says nothing' : { kind: 'credit', sub, credit }
  if (typeof rpc !== 'string' || !isStreamedCall(rpc)) return '"rpc" is no server-streaming call of tern.v1'
  if (typeof req !== 'object' || req === null || Array.isArray(req)) return '"req" is no object'
  return { kind: 'begin', sub, rpc, request: req, credit }
}

const isWhole = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
