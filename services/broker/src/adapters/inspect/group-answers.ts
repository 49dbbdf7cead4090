import type { Log } from '@tern/log'
import type { inspect } from '@tern/proto'
import { resetCost } from '../../core/inspect/group-reset.ts'
import type { GroupRecipient, QueueGroups } from '../queue/queue-groups.ts'
import { messagesTopic } from '../queue/queue-records.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import type { AppendTimes } from './append-times.ts'
import { pageMax } from './session-answers.ts'

export async function listGroups(
  runners: readonly QueueRunner[],
  { namePrefix, sharedFilters, after, limit }: inspect.ListGroupsRequest,
  times: AppendTimes,
): Promise<inspect.ListGroupsResponse> {
  const wanted = sharedFilters.length === 0 ? undefined : new Set(sharedFilters)
  const prefix = `$share/${namePrefix}`
  const isListed = (name: string) => name > after && (wanted?.has(name) ?? name.startsWith(prefix))
  const names = new Set(runners.flatMap(({ groups }) => [...groups.names()].filter(isListed)))
  const max = Math.min(limit || pageMax, pageMax)
  const sorted = [...names].sort()
  const page = sorted.slice(0, max)
  const parts = page.flatMap((name) => runners.flatMap((runner) => partOf(runner, name, times) ?? []))
  const nextAfter = sorted.length > page.length ? (page.at(-1) ?? '') : ''
  return { queues: runners.map(({ queue }) => queue), groups: await Promise.all(parts), nextAfter }
}

function partOf(runner: QueueRunner, name: string, times: AppendTimes): Promise<inspect.GroupPart> | undefined {
  const { queue, groups, state } = runner
  const found = groups.get(name)
  if (found === undefined) return undefined
  const position = groups.progressOf(found).low + 1
  const taken = found.taken.openCount
  const { emptySinceMs } = found
  const holders = found.holders().map(({ recipient, ...held }) => ({ proxy: proxyOf(recipient), ...held }))
  const part = { sharedFilter: name, queue, position, end: state.next, unsettled: found.leased + taken, taken, holders }
  const empty = emptySinceMs === undefined ? {} : { emptySinceMs }
  const told = (oldestMs: number) => ({ ...part, ...empty, oldestMs })
  return position >= state.next ? Promise.resolve(told(0)) : times.at(queue, position).then(told)
}

const proxyOf = (recipient: GroupRecipient | undefined): number => recipient?.proxy ?? 0

/** Undefined: another owner has begun meanwhile. */
export async function resetGroup(
  runner: QueueRunner,
  request: inspect.ResetGroupRequest,
  log: Log,
): Promise<inspect.ResetGroupResponse | undefined> {
  const wished = await positionOf(runner, request, log)
  const { groups, state, logStart } = runner
  const found = groups.get(request.sharedFilter)
  if (found === undefined) return { ...unchanged, found: false }
  const position = Math.min(state.next, Math.max(logStart, wished))
  const cost = resetCost(groups.progressOf(found), position, state.next)
  const told = { position, repeatedMessages: cost.repeated, skippedMessages: cost.skipped }
  const taken = found.taken.openCount
  if (taken > 0 || request.validateOnly) return { ...unchanged, taken, ...told }
  return (await changed(groups, found, position)) ? { ...unchanged, ...told } : undefined
}

async function changed(groups: QueueGroups, found: Parameters<QueueGroups['reset']>[0], position: number) {
  try {
    await groups.reset(found, position)
    return true
  } catch {
    return false
  }
}

const unchanged = { notOwner: false, found: true, taken: 0, position: 0, repeatedMessages: 0, skippedMessages: 0 }

async function positionOf({ queue, state, logStart }: QueueRunner, { to }: inspect.ResetGroupRequest, log: Log) {
  switch (to?.$case) {
    case 'position':
      return to.value
    case 'timeMs':
      return await log.offsetAt(messagesTopic, queue, to.value)
    case 'earliest':
      return logStart
    default:
      return state.next
  }
}
