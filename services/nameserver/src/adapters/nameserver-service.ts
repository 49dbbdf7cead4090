import { nameserver } from '@tern/proto'
import { acceptStream, type RpcService, unaryHandler } from '@tern/rpc'
import type { RegisterStream } from './member-streams.ts'
import type { WatchHub } from './watch-hub.ts'

export type NameserverHandlers = Readonly<{
  register(stream: RegisterStream): void
  hub: WatchHub
  ping(request: nameserver.PingRequest): nameserver.PingResponse
  drain(request: nameserver.DrainRequest): Promise<nameserver.DrainResponse>
  look(): nameserver.LookResponse
  listEvents(request: nameserver.ListEventsRequest): nameserver.ListEventsResponse
}>

/** tern.nameserver.v1.NameserverService over gRPC. */
export function nameserverService({ register, hub, ping, drain, look, listEvents }: NameserverHandlers): RpcService {
  const implementation: nameserver.NameserverServiceServer = {
    register: (call) => register(acceptStream(call)),
    watchRoutes(call) {
      const watcher = { send: (update: nameserver.WatchRoutesResponse) => void call.write(update) }
      hub.add(watcher)
      call.on('cancelled', () => hub.remove(watcher))
      call.on('error', () => hub.remove(watcher))
      call.on('close', () => hub.remove(watcher))
    },
    ping: unaryHandler(ping),
    drain: unaryHandler(drain),
    look: unaryHandler(look),
    listEvents: unaryHandler(listEvents),
  }
  return { definition: nameserver.NameserverServiceService, implementation }
}
