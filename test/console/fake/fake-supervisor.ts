import { region as contract } from '@tern/proto'
import { startServer, unaryHandler } from '@tern/rpc'
import type { FakeRegion } from './fake-region.ts'

export type FakeSupervisor = Readonly<{ address: string; close(): void }>

/** tern.dev.v1 of a region that is not there. */
export async function startFakeSupervisor(region: FakeRegion): Promise<FakeSupervisor> {
  const server = await startServer('127.0.0.1:0', [
    {
      definition: contract.RegionServiceService,
      implementation: {
        listProcesses: unaryHandler<contract.ListProcessesRequest, contract.ListProcessesResponse>(() => ({
          processes: [],
        })),
        killZone: unaryHandler<contract.KillZoneRequest, contract.KillZoneResponse>(({ zone }) => {
          region.kill(zone)
          return {}
        }),
        pauseZone: unaryHandler<contract.PauseZoneRequest, contract.PauseZoneResponse>(() => ({})),
        healZone: unaryHandler<contract.HealZoneRequest, contract.HealZoneResponse>(({ zone }) => {
          region.heal(zone)
          return {}
        }),
      },
    },
  ])
  return { address: server.address, close: () => server.stop() }
}
