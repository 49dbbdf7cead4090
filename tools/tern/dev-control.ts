import { region } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'

const { killZone, pauseZone, healZone } = region.RegionServiceService
const methods = { kill: killZone, pause: pauseZone, heal: healZone }
const answerWithinMs = 30_000

/** The supervisor of a region of npm start. */
export function devControl(address: string) {
  const client = connectClient(address)
  return {
    call: (verb: keyof typeof methods, zone: string) => unaryCall(client, methods[verb], { zone }, answerWithinMs),
    close: () => client.close(),
  }
}
