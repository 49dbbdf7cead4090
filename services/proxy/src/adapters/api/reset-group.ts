import { inspect, message, type subscriptions } from '@tern/proto'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Admin } from './admin-context.ts'

const { EARLIEST, LATEST } = message.StartPosition_Anchor
/** The new position is durable by then. */
const resetWithinMs = 5_000

/** Every queue is asked first whether it may; then each moves its part, and judges once more. */
export async function resetGroupPosition(
  { sharedFilter, to, validateOnly }: subscriptions.ResetGroupPositionRequest,
  admin: Admin,
): Promise<subscriptions.ResetGroupPositionResponse> {
  const target = targetOf(to)
  const queues = admin.context.region.queuesOf(sharedFilter)
  const ask = (validate: boolean) =>
    Promise.all(queues.map((queue) => askOwner({ sharedFilter, queue, to: target, validateOnly: validate }, admin)))
  const judged = await ask(true)
  if (!judged.some(({ found }) => found))
    throw new Refusal('NOT_FOUND', 'GROUP_NOT_FOUND', `there is no group ${JSON.stringify(sharedFilter)}`)
  const answers = validateOnly ? refusing(judged, sharedFilter) : refusing(await moveAll(judged), sharedFilter)
  return {
    repeatedMessages: answers.reduce((sum, { repeatedMessages }) => sum + repeatedMessages, 0),
    skippedMessages: answers.reduce((sum, { skippedMessages }) => sum + skippedMessages, 0),
  }

  function moveAll(before: readonly inspect.ResetGroupResponse[]) {
    refusing(before, sharedFilter)
    return ask(false)
  }
}

function refusing(answers: readonly inspect.ResetGroupResponse[], name: string) {
  const taken = answers.reduce((sum, each) => sum + each.taken, 0)
  if (taken === 0) return answers
  const says = `${taken} records of ${JSON.stringify(name)} are taken at QoS 2 and not done: they would be lost, or come twice`
  throw new Refusal('FAILED_PRECONDITION', 'GROUP_HAS_TAKEN', `${says}; try again when their sessions have them`, {
    metadata: { taken: String(taken) },
    retryAfterMs: 5_000,
  })
}

function targetOf(to: message.StartPosition | undefined): inspect.ResetGroupRequest['to'] {
  const at = to?.at
  if (at?.$case === 'time') {
    const timeMs = at.value.seconds * 1_000 + Math.floor(at.value.nanos / 1e6)
    if (timeMs < 0) throw badField('to.time', 'TIMESTAMP_INVALID', 'lies before 1970')
    return { $case: 'timeMs', value: timeMs }
  }
  if (at?.$case === 'anchor' && at.value === LATEST) return { $case: 'latest', value: true }
  if (at?.$case === 'anchor' && at.value === EARLIEST) return { $case: 'earliest', value: true }
  throw badField('to', 'ANCHOR_INVALID', 'wants a time, ANCHOR_LATEST or ANCHOR_EARLIEST')
}

async function askOwner(request: inspect.ResetGroupRequest, { members }: Admin): Promise<inspect.ResetGroupResponse> {
  const owner = members.ownerOf(request.queue)
  const asked = owner && members.ask(owner, inspect.InspectServiceService.resetGroup, request, resetWithinMs)
  const answer = await asked?.catch(() => undefined)
  if (answer !== undefined && !answer.notOwner) return answer
  const says = `queue ${request.queue} gives no answer; its owner is moving or down, try again`
  throw new Refusal('UNAVAILABLE', 'QUEUE_UNREACHABLE', says, { retryAfterMs: 1_000 })
}
