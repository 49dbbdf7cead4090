import { beginRun, openControlLog } from '@tern/nameserver/testing'
import type { nameserver } from '@tern/proto'
import { type Duplex, silentLogger } from '@tern/runtime'
import { nameservers, queues, type Site, zones } from './site.ts'
import type { Process } from './timeline.ts'

const pingWithin = 400
const drainWithin = 2_000

/** A real nameserver on the simulated wires. */
export async function runNameserver(site: Site, zone: string, process: Process): Promise<void> {
  const { timeline, network } = site
  const clock = timeline.clockOf(process)
  const name = `ns-${zone}`
  const controlLog = await openControlLog(site.log.seenBy(process), silentLogger)
  await controlLog.caughtUp()
  const connectPeer = (address: string) => ({
    ping: (request: nameserver.PingRequest) =>
      ask<nameserver.PingRequest, nameserver.PingResponse>(site, process, `${address}/ping`, request, pingWithin),
    close() {},
  })
  const isRefused = async (address: string) => network.isRefused(process, address)
  const askDrain = (address: string, request: nameserver.DrainRequest) =>
    ask<nameserver.DrainRequest, nameserver.DrainResponse>(site, process, `${address}/drain`, request, drainWithin)
  const peers = nameservers.filter((other) => other !== name)
  const run = beginRun(
    { name, nonce: site.nonce(), zone, listen: name, peers, queues, movesMax: 2 },
    { clock, logger: silentLogger, network: { connectPeer, isRefused, askDrain } },
    controlLog,
  )
  const { register, hub, ping, drain } = run.handlers
  network.listen(`${name}/register`, process, register)
  network.listen<nameserver.WatchRoutesResponse, never>(`${name}/routes`, process, (stream) => {
    hub.add(stream)
    stream.listen({ frame() {}, end: () => hub.remove(stream) })
  })
  network.listen<nameserver.PingResponse, nameserver.PingRequest>(`${name}/ping`, process, (stream) => {
    stream.listen({ frame: (request) => stream.send(ping(request)), end() {} })
  })
  network.listen<nameserver.DrainResponse, nameserver.DrainRequest>(`${name}/drain`, process, (stream) => {
    const answer = async (request: nameserver.DrainRequest) => {
      try {
        stream.send(await drain(request))
      } catch {
        stream.end()
      }
    }
    stream.listen({ frame: (request) => void answer(request), end() {} })
  })
  run.begin()
}

/** An operator's wish to have a zone drained, or that taken back; nobody may be there who can decide it. */
export async function askForDrain(site: Site, by: Process, zone: string, draining: boolean): Promise<boolean> {
  const address = `ns-${site.random.pick(zones)}/drain`
  const request = { zone, broker: 0, draining }
  return ask<nameserver.DrainRequest, nameserver.DrainResponse>(site, by, address, request, drainWithin).then(
    () => true,
    () => false,
  )
}

/** One question and its answer, on a stream of its own. */
function ask<Request, Response>(
  { network, timeline }: Site,
  by: Process,
  address: string,
  request: Request,
  withinMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stream: Duplex<Request, Response> = network.dial(by, address)
    const timer = timeline.clockOf(by).after(withinMs, () => stream.end())
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
}
