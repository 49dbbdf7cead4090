import { messaging } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import type { Looking } from './call.ts'
import type { Looks } from './looks.ts'
import type { Publish } from './publish.ts'
import { publishBatch } from './publish-batch.ts'
import { publishStream } from './publish-stream.ts'
import { resendMessages } from './resend.ts'
import { getMessage } from './stored-messages.ts'
import type { Pulls } from './subscribe/pulls.ts'
import { type SubscribePorts, subscribe } from './subscribe/subscribe.ts'

/** Publish, subscribe, look back. */
export function messagingService(
  looking: Looking,
  publish: Publish,
  ports: SubscribePorts,
  pulls: Pulls,
  { queries, replays }: Looks,
): PublicService {
  const { region } = ports.context
  return publicService(messaging.MessagingServiceService, {
    publish: (request, call) => publishBatch(request, looking, publish, call),
    publishStream: (requests, call) => publishStream(requests, { region, looking, anonymous: publish.author }, call),
    subscribe: (requests, call) => subscribe(requests, ports, call),
    pull: (request, call) => pulls.pull(request, call),
    acknowledge: (request, call) => pulls.acknowledge(request, call),
    getMessage: (request, call) => getMessage(request, looking, call),
    queryMessages: (request, call) => queries.query(request, call),
    replayMessages: (request, call) => replays.replay(request, call),
    resendMessages: (request, call) => resendMessages(request, looking, publish, call),
  })
}
