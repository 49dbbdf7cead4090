import type { MessageJson } from '../../gen/tern/v1/message_pb.js'

export const rowsMax = 2_000
export const charactersMax = 8 * 1024 * 1024

/** What a tab keeps of a live tail: the newest, newest first, within both limits. */
export function withNewer(kept: readonly MessageJson[], newer: readonly MessageJson[]): MessageJson[] {
  const rows = [...newer.toReversed(), ...kept].slice(0, rowsMax)
  let characters = 0
  const fits = rows.findIndex((message) => {
    characters += (message.payload?.length ?? 0) + (message.topic?.length ?? 0)
    return characters > charactersMax
  })
  return fits === -1 ? rows : rows.slice(0, Math.max(1, fits))
}
