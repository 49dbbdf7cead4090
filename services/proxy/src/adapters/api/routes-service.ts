import { isValidTopicName } from '@tern/mqtt'
import { inspect, routes } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { badField } from '../../core/api/refusal.ts'
import { type Admin, timestampUnless0 } from './admin-context.ts'
import { changesOf } from './watching.ts'

/** As long as nothing changes, it is looked at again after so long. */
const lookEveryMs = 10_000

/** Queues and their owners. */
export function routeService(admin: Admin): PublicService {
  return publicService(routes.RouteServiceService, {
    listRoutes: (request) => listRoutes(request, admin),
    watchRoutes: (_, call) => watchRoutes(admin, call),
  })
}

export function routesNow({ members }: Admin): routes.Route[] {
  const table = members.routes.table()
  return Array.from({ length: table.queues }, (_, queue) => {
    const owner = members.ownerOf(queue)
    return { queue, broker: owner?.name ?? '', zone: owner?.zone ?? '', epoch: table.ownerOf(queue)?.epoch ?? 0 }
  })
}

async function listRoutes({ topic }: routes.ListRoutesRequest, admin: Admin): Promise<routes.ListRoutesResponse> {
  if (topic !== '' && !isValidTopicName(topic))
    throw badField('topic', 'TOPIC_INVALID', `is ${JSON.stringify(topic.slice(0, 80))}, no topic name`)
  const { members, context } = admin
  const gathered = await members.gather(members.brokers(), inspect.InspectServiceService.listQueues, () => ({}))
  const stats = new Map(gathered.answered.flatMap(({ answer }) => answer.queues.map((each) => [each.queue, each])))
  const wanted = routesNow(admin).filter(({ queue }) => topic === '' || queue === context.region.queueOf(topic))
  return {
    queues: wanted.map((route) => statusOf(route, stats.get(route.queue))),
    revision: members.routes.table().revision,
    unreachable: [...gathered.unreachable],
  }
}

function statusOf(route: routes.Route, stats: inspect.QueueStats | undefined): routes.QueueStatus {
  const known = stats ?? inspect.QueueStats.create()
  const { start, end, bytes, appendsPerSecond, bytesPerSecond, sessions, groups, retained, serving } = known
  return {
    ...{ route, bytes, appendsPerSecond, bytesPerSecond, sessions, groups, retained, serving },
    ...{ firstPosition: start, endPosition: end },
    oldest: timestampUnless0(known.oldestMs),
    newest: timestampUnless0(known.newestMs),
  }
}

async function* watchRoutes(
  admin: Admin,
  call: Parameters<typeof changesOf>[1]['call'],
): AsyncGenerator<routes.WatchRoutesResponse> {
  const { members, clock } = admin
  const look = async () => ({ routes: routesNow(admin), revision: members.routes.table().revision })
  const onWake = (wake: () => void) => members.onChange(wake)
  let known: readonly string[] | undefined
  for await (const { routes: all, revision } of changesOf(look, { everyMs: lookEveryMs, clock, call, onWake })) {
    const texts = all.map((route) => JSON.stringify(route))
    const changed = all.filter((_, queue) => texts[queue] !== known?.[queue])
    if (known === undefined || changed.length > 0) yield { snapshot: known === undefined, routes: changed, revision }
    known = texts
  }
}
