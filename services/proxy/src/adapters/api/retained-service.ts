import { retained } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import type { Looking } from './call.ts'
import type { Publish } from './publish.ts'
import { deleteRetained, getRetained, listRetained, setRetained } from './retained.ts'

/** Retained messages, of all queues. */
export function retainedService(looking: Looking, publish: Publish): PublicService {
  return publicService(retained.RetainedServiceService, {
    listRetained: (request, call) => listRetained(request, looking, call),
    getRetained: (request, call) => getRetained(request, looking, call),
    setRetained: (request, call) => setRetained(request, looking, publish, call),
    deleteRetained: (request, call) => deleteRetained(request, looking, publish, call),
  })
}
