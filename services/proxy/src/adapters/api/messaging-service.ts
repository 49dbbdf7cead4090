import { messaging } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { answering, streaming } from './answers.ts'
import type { Looking } from './call.ts'
import type { Looks } from './looks.ts'
import type { Publish } from './publish.ts'
import { publishBatch } from './publish-batch.ts'
import { publishStream } from './publish-stream.ts'
import { resendMessages } from './resend.ts'
import { getMessage } from './stored-messages.ts'
import { Pulls } from './subscribe/pulls.ts'
import { type SubscribePorts, subscribe } from './subscribe/subscribe.ts'

/** Publish, subscribe, look back. */
export function messagingService(
  looking: Looking,
  publish: Publish,
  ports: SubscribePorts,
  { queries, replays }: Looks,
): PublicService {
  const { region } = ports.context
  const pulls = new Pulls(ports)
  return publicService(messaging.MessagingServiceService, {
    publish: answering((request, call) => publishBatch(request, looking, publish, call)),
    publishStream: streaming((requests, call) =>
      publishStream(requests, { region, looking, anonymous: publish.author }, call),
    ),
    subscribe: streaming((requests, call) => subscribe(requests, ports, call)),
    pull: answering((request, call) => pulls.pull(request, call)),
    acknowledge: answering((request, call) => pulls.acknowledge(request, call)),
    getMessage: answering((request, call) => getMessage(request, looking, call)),
    queryMessages: answering((request, call) => queries.query(request, call)),
    replayMessages: streaming((request, call) => replays.replay(request, call)),
    resendMessages: answering((request, call) => resendMessages(request, looking, publish, call)),
  })
}
