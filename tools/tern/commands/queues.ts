import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { ago } from '../output/time.ts'
import { partly } from './shared.ts'

export const listQueues: Command = {
  name: 'queues ls',
  summary: 'queues: who owns them, how full and how busy they are',
  operands: '[TOPIC]',
  async run({ operands, api, out }) {
    const { queues = [], unreachable = [] } = await api.call('RouteService/ListRoutes', { topic: operands[0] ?? '' })
    out.table(queues, columns(Date.now()), 'no queue yet')
    if (unreachable.length > 0) out.say(partly(unreachable))
  },
}

const columns = (now: number) => [
  { title: 'QUEUE', of: (q: Json) => q.route?.queue ?? 0, right: true as const },
  { title: 'OWNER', of: (q: Json) => q.route?.broker || 'nobody' },
  { title: 'ZONE', of: (q: Json) => q.route?.zone },
  { title: 'EPOCH', of: (q: Json) => q.route?.epoch, right: true as const },
  {
    title: 'MESSAGES',
    of: (q: Json) => Number(q.endPosition ?? 0) - Number(q.firstPosition ?? 0),
    right: true as const,
  },
  { title: 'IN/S', of: (q: Json) => Math.round(q.appendsPerSecond ?? 0), right: true as const },
  { title: 'SESSIONS', of: (q: Json) => q.sessions, right: true as const },
  { title: 'RETAINED', of: (q: Json) => q.retained, right: true as const },
  { title: 'OLDEST', of: (q: Json) => ago(q.oldest, now) },
]
