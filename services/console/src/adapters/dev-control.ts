import { region } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'

const { killZone, pauseZone, healZone } = region.RegionServiceService
const methods = { kill: killZone, pause: pauseZone, heal: healZone }
const answerWithinMs = 30_000

export type DevVerb = keyof typeof methods

export const isDevVerb = (verb: string): verb is DevVerb => Object.hasOwn(methods, verb)

/** The supervisor of a region on one machine. */
export type DevControl = Readonly<{
  call(verb: DevVerb, zone: string): Promise<void>
  close(): void
}>

export function createDevControl(address: string): DevControl {
  const client = connectClient(address)
  return {
    call: async (verb, zone) => void (await unaryCall(client, methods[verb], { zone }, answerWithinMs)),
    close: () => client.close(),
  }
}
