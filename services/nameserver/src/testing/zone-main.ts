// What of a zone a nameserver sees, as one process to be killed: a nameserver, a broker that owns, and a proxy.
import { connectEmbeddedLog } from '@tern/log'
import { createMembership } from '@tern/routing'
import { startServer } from '@tern/rpc'
import { systemClock as clock, createLogger } from '@tern/runtime'
import { createNameserver } from '../nameserver.ts'

export type ZoneOptions = Readonly<{
  zone: string
  /** Different for each run. */
  nonce: string
  log: string
  /** Absent: no nameserver in this process. */
  nameserver?: string
  nameservers: readonly string[]
  proxy: boolean
}>

const options: ZoneOptions = JSON.parse(process.argv[2] ?? '{}')
const { zone, nonce, nameservers } = options
const log = connectEmbeddedLog(options.log)
const logger = createLogger().child({ zone })

if (options.nameserver !== undefined) {
  const listen = options.nameserver
  const peers = nameservers.filter((address) => address !== listen)
  const config = { name: zone, nonce, zone, listen, peers, queues: 12, movesMax: 4 }
  await createNameserver(config, { log, clock, logger }).start()
}

async function join(kind: 'broker' | 'proxy'): Promise<number> {
  const { address } = await startServer('127.0.0.1:0', [])
  const membership = createMembership({
    kind,
    zone,
    address,
    addresses: nameservers,
    nonce: `${kind}/${nonce}`,
    clock,
  })
  return await membership.joined
}

const broker = await join('broker')
const proxy = options.proxy ? await join('proxy') : 0
process.stdout.write(`${JSON.stringify({ broker, proxy })}\n`)
