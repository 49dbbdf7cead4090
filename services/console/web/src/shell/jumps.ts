export type Jump = Readonly<{ to: string; name: string; kind: string }>

/** What a pasted or typed text may lead to, the likeliest first. */
export function jumpsOf(text: string, pages: readonly Readonly<{ to: string; name: string }>[]): Jump[] {
  const wanted = text.trim()
  const found = pages
    .filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))
    .map(({ to, name }) => ({ to, name, kind: 'page' }))
  if (wanted === '') return found
  const encoded = encodeURIComponent(wanted)
  const message = { to: `/messages/${encoded}`, name: wanted, kind: 'message' }
  const messageTrace = { to: `/messages/${encoded}/trace`, name: wanted, kind: 'trace of message' }
  const trace = { to: `/traces/${wanted.toLowerCase()}`, name: wanted, kind: 'trace' }
  const queue = { to: `/queues?q=${wanted}`, name: `queue ${wanted}`, kind: 'queue' }
  const client = { to: `/clients/${encoded}`, name: wanted, kind: 'client' }
  const prefix = { to: `/clients?q=${encoded}`, name: `${wanted}…`, kind: 'clients that begin so' }
  const filter = { to: `/messages?topic=${encoded}`, name: wanted, kind: 'messages of the topic' }
  const topic = { to: `/topics/${encoded}`, name: wanted, kind: 'topic' }
  if (/^\d+-\d+$/.test(wanted)) return [message, messageTrace, ...found, client]
  if (/^[0-9a-f]{32}$/i.test(wanted)) return [trace, ...found, client]
  if (/[+#]/.test(wanted)) return [filter, ...found]
  if (wanted.includes('/')) return [topic, filter, ...found, client]
  return [...found, ...(/^\d{1,5}$/.test(wanted) ? [queue] : []), client, prefix, topic]
}
