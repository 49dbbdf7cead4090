import { createBrokerLives, type LinkStream, quotasUnlessTold } from '@tern/broker'
import { silentLogger } from '@tern/runtime'
import { nameservers, networkOf, type Site } from './site.ts'
import type { Process } from './timeline.ts'

/** Often enough that each seed forgets many times. */
const forgetEveryMs = 100

/** A real broker on the simulated wires. */
export async function runBroker(site: Site, zone: string, process: Process): Promise<void> {
  const address = `broker-${zone}`
  const quotas = quotasUnlessTold
  const config = { zone, nonce: () => site.nonce(), listen: address, nameservers, forgetEveryMs, quotas }
  const lives = createBrokerLives(config, address, {
    log: site.log.seenBy(process),
    clock: site.timeline.clockOf(process),
    logger: silentLogger,
    network: networkOf(process, site),
  })
  site.network.listen(address, process, (stream: LinkStream) => {
    const links = lives.links()
    if (links === undefined) stream.end()
    else links.accept(stream)
  })
  await lives.start()
}
