export type ServerEvent = Readonly<{ event: string; id: string; data: string }>

/** One event of a stream may be as large as the largest message of the API. */
const eventCharactersMax = 8 * 1024 * 1024

/** Server-sent events (WHATWG HTML, 9.2.6) of a body. Comments keep the connection alive and are left out. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    if (rest.length > eventCharactersMax) throw new Error('an event of the stream is larger than 8 MiB')
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event.data !== '') yield event
    }
  }
}

function eventOf(block: string): ServerEvent {
  const fields = { event: 'message', id: '', data: '' }
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^(\w*):? ?(.*)$/.exec(line) ?? []
    if (name === 'data') fields.data += fields.data === '' ? value : `\n${value}`
    else if (name === 'event' || name === 'id') fields[name] = value
  }
  return fields
}
