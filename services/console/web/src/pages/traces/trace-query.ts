/** TraceQL of what the fields say; a query that was typed goes before them. */
export function traceQueryOf(search: Readonly<Record<string, string>>): string {
  const { topic = '', client = '', longer = '', error = '', traceql = '' } = search
  if (traceql !== '') return traceql
  const clauses = [
    ...(topic === '' ? [] : [`span.messaging.destination.name = ${JSON.stringify(topic)}`]),
    ...(client === '' ? [] : [`span.messaging.client.id = ${JSON.stringify(client)}`]),
    ...(/^\d+(\.\d+)?(ns|us|µs|ms|s|m)$/.test(longer) ? [`traceDuration > ${longer}`] : []),
    ...(error === '1' ? ['status = error'] : []),
  ]
  return `{ ${clauses.join(' && ')} }`.replace('{  }', '{}')
}
