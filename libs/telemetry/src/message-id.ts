/** Where a message is: an offset in a queue. */
export type MessageAddress = Readonly<{ queue: number; position: number }>

/** Queues of a region are far fewer (`--queues` takes at most 1000); what is above this is no address. */
export const queueMax = 0xffff

/** A message's address as people and APIs write it: 7-1042 is position 1042 of queue 7. */
export const messageIdOf = (queue: number, position: number): string => `${queue}-${position}`

/** Undefined for whatever `messageIdOf` would not have written, so that no message has two ids. */
export function parseMessageId(text: string): MessageAddress | undefined {
  const [, queueText, positionText] = /^(0|[1-9]\d{0,4})-(0|[1-9]\d{0,15})$/.exec(text) ?? []
  if (queueText === undefined) return undefined
  const queue = Number(queueText)
  const position = Number(positionText)
  return queue <= queueMax && Number.isSafeInteger(position) ? { queue, position } : undefined
}
