import { control, nameserver } from '@tern/proto'
import { createRouteWatcher, type RouteTable, type RouteWatcher } from '@tern/routing'
import { connectClient, unaryCall } from '@tern/rpc'
import type { Clock } from '@tern/runtime'

const answerWithinMs = 10_000
const doneWithinMs = 60_000
const askAgainMs = 200
const callDeadlineMs = 3_000

/** It cannot be done, or not now; the message is one sentence for whoever asked. */
export class DrainRefused extends Error {}

export type DrainOptions = Readonly<{
  /** host:port of nameservers of the region; each of them can be asked. */
  nameservers: readonly string[]
  zone: string
  clock: Clock
  say(text: string): void
}>

/** Moves all queues of a zone to others, a few at a time. Resolves once it owns none; DrainRefused says why it does not. */
export const drain = (options: DrainOptions): Promise<void> => change(options, true)

/** Lets a drained zone own queues again. Resolves once that is decided: they come back a few at a time. */
export const undrain = (options: DrainOptions): Promise<void> => change(options, false)

async function change(options: DrainOptions, draining: boolean): Promise<void> {
  const { nameservers, zone, clock, say } = options
  const watcher = createRouteWatcher({ addresses: nameservers, clock })
  try {
    const known = await until(watcher, clock, answerWithinMs, ({ queues }) => queues > 0)
    if (known === undefined)
      throw new DrainRefused(`no nameserver answers at ${nameservers.join(', ')}; is the region running?`)
    const refusal = whyNot(known, zone, draining)
    if (refusal !== undefined) throw new DrainRefused(refusal)
    await decide(options, watcher, draining)
    if (!draining) return say(`${zone} may own queues again; they come back a few at a time`)
    await watchThemGo(watcher, options)
  } finally {
    watcher.stop()
  }
}

/** Why a zone cannot be drained, or that be taken back. */
export function whyNot(table: RouteTable, zone: string, draining: boolean): string | undefined {
  const brokers = brokersOf(table)
  const zones = [...new Set(brokers.map((broker) => broker.zone))].sort()
  if (!zones.includes(zone)) return `there is no living broker in a zone "${zone}"; the zones are ${zones.join(', ')}`
  if (!draining || brokers.some((broker) => broker.zone !== zone && !broker.draining)) return undefined
  return `no other zone could take the queues of ${zone}; start one, or take the drain of one back, first`
}

/** Asks until the table says so: who leads may just have changed, and a decision of a leader that was replaced is void. */
async function decide({ nameservers, zone, clock }: DrainOptions, watcher: RouteWatcher, draining: boolean) {
  const decided = (table: RouteTable) =>
    brokersOf(table).every((broker) => broker.zone !== zone || broker.draining === draining)
  const giveUpAt = clock.now() + answerWithinMs
  let reason = 'it was not decided in time'
  for (let turn = 0; clock.now() < giveUpAt; turn++) {
    if (decided(watcher.table())) return
    const client = connectClient(nameservers[turn % nameservers.length] ?? '')
    const { drain: method } = nameserver.NameserverServiceService
    const asked = unaryCall(client, method, { zone, broker: 0, draining }, callDeadlineMs)
    await asked.catch((error: Error) => {
      reason = error.message
    })
    client.close()
    await until(watcher, clock, askAgainMs, decided)
  }
  throw new DrainRefused(`the nameservers did not take it: ${reason}`)
}

async function watchThemGo(watcher: RouteWatcher, { zone, clock, say }: DrainOptions): Promise<void> {
  let left = -1
  const isDone = (table: RouteTable) => {
    const count = queuesOf(table, zone)
    if (count !== left) say(count === 0 ? `${zone} owns no queue any more` : `${zone} still owns ${count} queues`)
    left = count
    return count === 0
  }
  const done = await until(watcher, clock, doneWithinMs, isDone)
  if (done === undefined) throw new DrainRefused(`${zone} still owns ${left} queues; it goes on being drained`)
}

const brokersOf = (table: RouteTable): nameserver.Member[] =>
  table.members().filter(({ kind }) => kind === control.MemberKind.BROKER)

/** How many queues the brokers of a zone own. */
export function queuesOf(table: RouteTable, zone: string): number {
  const owners = Array.from({ length: table.queues }, (_, queue) => table.ownerOf(queue)?.broker ?? -1)
  return owners.filter((owner) => table.member(owner)?.zone === zone).length
}

/** The first table for which it holds; undefined when none came in time. */
function until(
  watcher: RouteWatcher,
  clock: Clock,
  withinMs: number,
  holds: (table: RouteTable) => boolean,
): Promise<RouteTable | undefined> {
  return new Promise((resolve) => {
    const tooLate = clock.after(withinMs, () => resolve(undefined))
    let over = false
    const look = (table: RouteTable) => {
      if (over || !holds(table)) return
      over = true
      tooLate.cancel()
      resolve(table)
    }
    watcher.onChange(look)
    look(watcher.table())
  })
}
