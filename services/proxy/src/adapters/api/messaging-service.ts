import { messaging } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { answering, streaming } from './answers.ts'
import type { Looking } from './call.ts'
import type { Publish } from './publish.ts'
import { Queries } from './query.ts'
import { Replays } from './replay.ts'
import { resendMessages } from './resend.ts'
import { getMessage } from './stored-messages.ts'

/** Publish, subscribe, look back. */
export function messagingService(looking: Looking, publish: Publish): PublicService {
  const queries = new Queries(looking)
  const replays = new Replays(looking)
  return publicService(messaging.MessagingServiceService, {
    getMessage: answering((request, call) => getMessage(request, looking, call)),
    queryMessages: answering((request, call) => queries.query(request, call)),
    replayMessages: streaming((request, call) => replays.replay(request, call)),
    resendMessages: answering((request, call) => resendMessages(request, looking, publish, call)),
  })
}
