export type ServerEvent = Readonly<{ event: string; data: string }>

/** One event may be as large as the largest message of the API. */
const eventCharactersMax = 8 * 1024 * 1024

/** Server-sent events (WHATWG HTML, 9.2.6) of a body. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    if (rest.length > eventCharactersMax) throw new Error('an event of the stream is larger than 8 MiB')
    for (const block of blocks) {
      const event = eventOf(block)
      if (event.data !== '') yield event
    }
  }
}

function eventOf(block: string): ServerEvent {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
    else if (line.startsWith('event:')) event = line.slice(6).trim()
  }
  return { event, data: data.join('\n') }
}
