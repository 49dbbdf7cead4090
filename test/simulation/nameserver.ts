import { beginRun, openControlLog } from '@tern/nameserver/testing'
import type { nameserver } from '@tern/proto'
import { silentLogger } from '@tern/runtime'
import { nameservers, queues, type Site } from './site.ts'
import type { Process } from './timeline.ts'

const pingWithin = 400

/** A real nameserver on the simulated wires. */
export async function runNameserver(site: Site, zone: string, process: Process): Promise<void> {
  const { timeline, network } = site
  const clock = timeline.clockOf(process)
  const name = `ns-${zone}`
  const controlLog = await openControlLog(site.log.seenBy(process), silentLogger)
  await controlLog.caughtUp()
  const connectPeer = (address: string) => ({ ping: pinger(site, process, address), close() {} })
  const isRefused = async (address: string) => network.isRefused(process, address)
  const peers = nameservers.filter((other) => other !== name)
  const run = beginRun(
    { name, nonce: site.nonce(), zone, listen: name, peers, queues, movesMax: 2 },
    { clock, logger: silentLogger, network: { connectPeer, isRefused } },
    controlLog,
  )
  const { register, hub, ping } = run.handlers
  network.listen(`${name}/register`, process, register)
  network.listen<nameserver.WatchRoutesResponse, never>(`${name}/routes`, process, (stream) => {
    hub.add(stream)
    stream.listen({ frame() {}, end: () => hub.remove(stream) })
  })
  network.listen<nameserver.PingResponse, nameserver.PingRequest>(`${name}/ping`, process, (stream) => {
    stream.listen({ frame: (request) => stream.send(ping(request)), end() {} })
  })
  run.begin()
}

const pinger =
  ({ network, timeline }: Site, process: Process, address: string) =>
  (request: nameserver.PingRequest): Promise<nameserver.PingResponse> =>
    new Promise((resolve, reject) => {
      const stream = network.dial<nameserver.PingRequest, nameserver.PingResponse>(process, `${address}/ping`)
      const timer = timeline.clockOf(process).after(pingWithin, () => stream.end())
      stream.listen({
        frame(response) {
          timer.cancel()
          resolve(response)
          stream.end()
        },
        end(reason, refused) {
          timer.cancel()
          reject(new Error(refused ? 'ECONNREFUSED' : reason))
        },
      })
      stream.send(request)
    })
