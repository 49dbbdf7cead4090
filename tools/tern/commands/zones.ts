import type { Json } from '../api.ts'
import type { Command, Invocation } from '../command.ts'
import { Failure } from '../failure.ts'
import { millisOf } from '../output/time.ts'
import { word } from './status.ts'

const askEveryMs = 250
const recoveredWithinMs = 30_000

export const listZones: Command = {
  name: 'zones ls',
  summary: 'zones and what runs in them',
  async run({ api, out }) {
    const { topology } = await api.call('ClusterService/GetTopology', {})
    const count = (zone: Json, kind: string) =>
      zone.members.filter(
        (member: Json) => member.kind === `MEMBER_KIND_${kind}` && member.state !== 'MEMBER_STATE_DEAD',
      )
    const sum = (members: Json[], field: string) =>
      members.reduce((total, member) => total + Number(member[field] ?? 0), 0)
    out.table(
      topology.zones,
      [
        { title: 'ZONE', of: (z) => z.name },
        { title: 'STATE', of: (z) => word(z.state, 'MEMBER_STATE_') },
        { title: 'PROXIES', of: (z) => count(z, 'PROXY').length, right: true },
        { title: 'BROKERS', of: (z) => count(z, 'BROKER').length, right: true },
        { title: 'NAMESERVERS', of: (z) => count(z, 'NAMESERVER').length, right: true },
        { title: 'QUEUES', of: (z) => sum(z.members, 'ownedQueues'), right: true },
        { title: 'CLIENTS', of: (z) => sum(z.members, 'connections'), right: true },
      ],
      'no zone',
    )
  },
}

const drainZone = (name: string, draining: boolean, summary: string): Command => ({
  name,
  summary,
  operands: 'ZONE',
  options: { 'dry-run': { help: 'say what would move' } },
  async run({ operands: [zone], has, api, out }) {
    const answer = await api.call('ClusterService/Drain', { zone, draining, validateOnly: has('dry-run') })
    const moves = `${answer.queues ?? 0} queues of ${answer.brokers?.join(', ') || 'no broker'}`
    const said = has('dry-run')
      ? `${moves} would move`
      : draining
        ? `${moves} move to other zones`
        : `${zone} may own queues again`
    out.thing(answer, [said])
  },
})

export const drain = drainZone('zones drain', true, 'move the queues of a zone away, without a pause for clients')
export const undrain = drainZone('zones undrain', false, 'let a zone own queues again')

/** Of a region of npm start only. The gRPC client is loaded by who needs it. */
async function told({ target, operands: [zone = ''] }: Invocation, verb: 'kill' | 'pause' | 'heal'): Promise<string> {
  if (target.region === undefined) {
    throw new Failure('zones are killed and healed only in a region of npm start on this machine', {
      hint: 'give its folder with --data; elsewhere: tern zones drain',
    })
  }
  const { devControl } = await import('../dev-control.ts')
  const { call, close } = devControl(target.region.control)
  await call(verb, zone).finally(close)
  return zone
}

const act = (verb: 'kill' | 'pause', summary: string): Command => ({
  name: `zones ${verb}`,
  summary: `${summary} (npm start only)`,
  operands: 'ZONE',
  async run(given) {
    const { out } = given
    const began = Date.now()
    const zone = await told(given, verb)
    out.say(`${zone}: ${verb === 'kill' ? 'killed and held down' : 'stands still'}`)
    const recovered = await recovery(given, zone, began)
    out.thing(recovered ?? {}, [recovered === undefined ? 'nothing had to be moved' : costOf(recovered)])
  },
})

export const kill = act('kill', 'kill -9 a zone and see what it costs')
export const pause = act('pause', 'stop a zone as it stands')

export const heal: Command = {
  name: 'zones heal',
  summary: 'start a zone again, or let it go on (npm start only)',
  operands: 'ZONE',
  async run(given) {
    const { out } = given
    const began = performance.now()
    const zone = await told(given, 'heal')
    const seconds = (performance.now() - began) / 1_000
    out.thing({ zone, seconds }, [`${zone}: ready in ${seconds.toFixed(1)} s; its queues come back a few at a time`])
  },
}

/** The event that says what the loss of the zone cost; undefined when none comes. */
async function recovery({ api, target, signal }: Invocation, zone: string, began: number): Promise<Json> {
  const startTime = new Date(began - 1_000).toISOString()
  const others = target.region?.zones.filter((each) => each.zone !== zone) ?? []
  const elsewhere =
    others.length > 0 && api.url === `http://${target.region?.zones.find((each) => each.zone === zone)?.api}`
  if (elsewhere) return undefined
  while (Date.now() - began < recoveredWithinMs && !signal.aborted) {
    const answer = await api
      .call('ClusterService/ListEvents', { startTime, filter: `kind = "recovered" AND zone = "${zone}"` })
      .catch(() => ({}))
    if (answer.events?.length > 0) return answer.events[0]
    await new Promise((resolve) => setTimeout(resolve, askEveryMs))
  }
  return undefined
}

function costOf({ failover = {}, id }: Json): string {
  const seconds = (duration: string | undefined) => `${(millisOf(duration ?? '0s') / 1_000).toFixed(2)} s`
  return (
    `noticed after ${seconds(failover.detection)}, ${failover.queues ?? 0} queues served again after ${seconds(failover.recovery)}, ` +
    `${failover.clients ?? 0} clients moved  (${id})`
  )
}
