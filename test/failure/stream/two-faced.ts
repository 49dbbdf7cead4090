import type { Device } from '../device.ts'
import type { StreamSubscriber } from './stream-subscriber.ts'

type Face = Pick<Device, 'goOffline' | 'comeBack' | 'abandon' | 'hop'>

/** One client that is connected by MQTT now, and by a stream of the API then: both take the same session over from one another. */
export class TwoFaced {
  private readonly faces: readonly [Device, StreamSubscriber]
  private at = 0
  private isAway = false

  constructor(device: Device, stream: StreamSubscriber) {
    this.faces = [device, stream]
  }

  start(): Promise<void> {
    return this.faces[0].start()
  }

  goOffline(): Promise<void> {
    this.isAway = true
    return this.face.goOffline()
  }

  comeBack(): Promise<void> {
    this.isAway = false
    return this.face.comeBack()
  }

  hop(): void {
    this.face.hop()
  }

  /** Goes on by the other protocol; what it leaves stays half open. */
  turn(): void {
    if (this.isAway) return
    this.face.abandon()
    this.at = 1 - this.at
    void this.face.comeBack()
  }

  private get face(): Face {
    return this.faces[this.at] as Face
  }
}
