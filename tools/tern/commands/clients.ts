import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { wrongUse } from '../failure.ts'
import { printable } from '../output/printable.ts'
import { ago, clockTime } from '../output/time.ts'
import { pages, partly, qosWord, whole } from './shared.ts'
import { word } from './status.ts'

const limit = { short: 'n', value: 'COUNT', help: 'at most so many', default: '50' }

export const listClients: Command = {
  name: 'clients ls',
  summary: 'clients and their sessions',
  operands: '[PREFIX]',
  options: {
    filter: { value: 'CLAUSES', help: 'as: state = "connected" AND zone = "az-b"' },
    sort: { value: 'ORDER', help: '"inflight desc", "dropped desc", "connected_at desc", …' },
    limit,
  },
  examples: ['tern clients ls car-', `tern clients ls --filter 'state = "disconnected"' -o json`],
  async run({ operands, option, api, out }) {
    const clauses = [option('filter'), operands[0] && `client_id = ${JSON.stringify(`${operands[0]}*`)}`]
    const request = { filter: clauses.filter(Boolean).join(' AND '), orderBy: option('sort') ?? '' }
    const found = await pages(
      (page) => api.call('ClientService/ListClients', { ...request, ...page }),
      ({ clients = [] }) => clients,
      whole('limit', option('limit'), 1_000_000),
    )
    out.table(found.rows, clientColumns(Date.now()), 'no client yet; tern sub demo/# makes one')
    if (found.more) out.say('there are more; -n says how many to show')
    if (found.unreachable.length > 0) out.say(partly(found.unreachable))
  },
}

const clientColumns = (now: number) => [
  { title: 'CLIENT', of: (c: Json) => c.clientId },
  { title: 'STATE', of: (c: Json) => word(c.state, 'CLIENT_STATE_') },
  { title: 'FOR', of: (c: Json) => ago(c.state === 'CLIENT_STATE_CONNECTED' ? c.connectedAt : c.disconnectedAt, now) },
  { title: 'ZONE', of: (c: Json) => c.zone },
  { title: 'PROTOCOL', of: (c: Json) => c.protocol },
  { title: 'SUBS', of: (c: Json) => c.subscriptions, right: true as const },
  { title: 'IN FLIGHT', of: (c: Json) => c.inflight, right: true as const },
  { title: 'DROPPED', of: (c: Json) => c.dropped, right: true as const },
  { title: 'ADDRESS', of: (c: Json) => c.address },
]

export const getClient: Command = {
  name: 'clients get',
  summary: 'one client: its session, subscriptions and what is in flight',
  operands: 'CLIENT',
  async run({ operands, api, out }) {
    const clientId = operands[0]
    const [{ client, subscriptions = [] }, { inflight = [] }] = await Promise.all([
      api.call('ClientService/GetClient', { clientId }),
      api.call('ClientService/ListInflight', { clientId }).catch(() => ({})),
    ])
    if (out.format === 'json') return out.thing({ client, subscriptions, inflight }, [])
    out.thing({}, [sentence(client, Date.now()), ''])
    out.table(subscriptions, subscriptionColumns, 'no subscription')
    if (inflight.length > 0) out.say('')
    if (inflight.length > 0) out.table(inflight, inflightColumns, '')
  },
}

function sentence(client: Json, now: number): string {
  const connected = client.state === 'CLIENT_STATE_CONNECTED'
  const where = connected
    ? `connected to ${client.proxy} (${client.zone}) ${ago(client.connectedAt, now)} ago from ${client.address} with ${client.protocol}`
    : `disconnected ${ago(client.disconnectedAt, now)} ago${client.lastReason ? `: ${printable(client.lastReason)}` : ''}`
  return `${printable(client.clientId)} is ${where}; session held by ${client.homeBroker} (${client.homeZone}); ${client.inflight ?? 0} in flight`
}

const subscriptionColumns = [
  { title: 'FILTER', of: (s: Json) => s.topicFilter },
  { title: 'QOS', of: (s: Json) => qosWord(s.qos) },
]

const inflightColumns = [
  { title: 'PACKET', of: (i: Json) => i.packetId, right: true as const },
  { title: 'MESSAGE', of: (i: Json) => i.messageId },
  { title: 'STATE', of: (i: Json) => i.state },
  { title: 'SINCE', of: (i: Json) => clockTime(i.writtenAt) },
]

export const kickClients: Command = {
  name: 'clients kick',
  summary: 'end connections; sessions and wills go on as MQTT says',
  operands: '[CLIENT...]',
  options: {
    filter: { value: 'CLAUSES', help: 'all that match, as in clients ls' },
    reason: { value: 'TEXT', help: 'told to clients of MQTT 5' },
    'dry-run': { help: 'say how many' },
  },
  async run({ operands, option, has, api, out }) {
    if (operands.length === 0 && option('filter') === undefined)
      throw wrongUse('nobody is named', 'tern clients kick CLIENT, or --filter')
    const answer = await api.call('ClientService/DisconnectClients', {
      ...{ clientIds: operands, filter: option('filter') ?? '', reason: option('reason') ?? '' },
      validateOnly: has('dry-run'),
    })
    out.thing(answer, [`${answer.disconnected ?? 0} ${has('dry-run') ? 'would be ' : ''}disconnected`])
  },
}

export const removeClient: Command = {
  name: 'clients rm',
  summary: 'end a session with all it holds',
  operands: 'CLIENT',
  async run({ operands, api, out }) {
    const answer = await api.call('ClientService/DeleteSession', { clientId: operands[0] })
    out.thing(answer, [`the session of ${operands[0]} has ended`])
  },
}
