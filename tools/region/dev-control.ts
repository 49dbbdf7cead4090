import { region } from '@tern/proto'
import { type RpcServer, type RpcService, rpcError, startServer, unaryHandler } from '@tern/rpc'
import { type ZoneName, zoneNames } from './plan.ts'
import type { Supervisor } from './supervisor.ts'

/** Serves tern.dev.v1: whoever can reach it can kill zones, so it listens on loopback only. */
export function serveDevControl(supervisor: Supervisor): Promise<RpcServer> {
  return startServer(supervisor.plan.control, [regionService(supervisor)])
}

function regionService(supervisor: Supervisor): RpcService {
  const keeperOf = (zone: string) => supervisor.zone(named(zone))
  return {
    definition: region.RegionServiceService,
    implementation: {
      listProcesses: unaryHandler<region.ListProcessesRequest, region.ListProcessesResponse>(() => ({
        processes: supervisor.keepers.map(({ options: { name }, phase, pid = 0 }) => {
          return { name, phase, pid, isZone: isZone(name) }
        }),
      })),
      killZone: unaryHandler<region.KillZoneRequest, region.KillZoneResponse>(async ({ zone }) => {
        await keeperOf(zone).kill()
        return {}
      }),
      pauseZone: unaryHandler<region.PauseZoneRequest, region.PauseZoneResponse>(({ zone }) => {
        keeperOf(zone).pause()
        return {}
      }),
      healZone: unaryHandler<region.HealZoneRequest, region.HealZoneResponse>(async ({ zone }) => {
        const keeper = keeperOf(zone)
        if (keeper.phase === 'paused') keeper.resume()
        else await keeper.start()
        return {}
      }),
    },
  }
}

const isZone = (name: string): name is ZoneName => zoneNames.some((zone) => zone === name)

function named(zone: string): ZoneName {
  if (isZone(zone)) return zone
  throw rpcError('NOT_FOUND', `there is no zone "${zone}"; the zones are ${zoneNames.join(', ')}`)
}
