import { matches, parseFilter } from '@tern/mqtt'
import type { inspect } from '@tern/proto'
import { type Clock, pause } from '@tern/runtime'
import type { HomeRunner } from '../home/runner.ts'
import { entryOf, pageMax } from './session-answers.ts'

/** So many sessions are looked at before others have a turn. */
const sessionsPerTurn = 5_000

/** All sessions of the homes are looked at: what they subscribe to is not kept by topic here. */
export async function matchTopic(
  homes: ReadonlyMap<number, HomeRunner>,
  { topic, limit }: inspect.MatchTopicRequest,
  clock: Clock,
): Promise<inspect.MatchTopicResponse> {
  const max = Math.min(limit || pageMax, pageMax)
  const found: inspect.SessionSubscription[] = []
  let total = 0
  let looked = 0
  for (const runner of homes.values()) {
    const here: inspect.SessionSubscription[] = []
    for (const clientId of runner.index.from('', '')) {
      if (++looked % sessionsPerTurn === 0) await pause(clock, 0)
      for (const subscription of runner.client(clientId)?.session?.subscriptions ?? []) {
        if (!matches(parseFilter(subscription.filter)?.filter ?? '', topic)) continue
        total++
        if (here.length < max) here.push(entryOf(clientId, runner, subscription))
      }
    }
    found.push(...here)
  }
  found.sort((a, b) => (a.clientId < b.clientId ? -1 : a.clientId > b.clientId ? 1 : 0))
  return { homes: [...homes.keys()], subscriptions: found.slice(0, max), total }
}
