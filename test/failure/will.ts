import type { IConnectPacket } from 'mqtt-packet'
import type { DeviceOptions } from './device.ts'

type WillOptions = Pick<DeviceOptions, 'clientId' | 'history' | 'willTopic' | 'willDelaySeconds'>

/** What the history says of a device's will: another one for each connection. */
export class Will {
  private readonly options: WillOptions
  private key: string | undefined
  /** That of the connection before, while it may still be void. */
  delayed: string | undefined

  constructor(options: WillOptions) {
    this.options = options
  }

  /** For the next CONNECT; undefined when the device has none. */
  begin(invoke: (topic: string) => string): NonNullable<IConnectPacket['will']> | undefined {
    const { willTopic: topic, willDelaySeconds } = this.options
    if (topic === undefined) return undefined
    this.key = invoke(topic)
    const delayed = willDelaySeconds === undefined ? {} : { properties: { willDelayInterval: willDelaySeconds } }
    return { topic, payload: Buffer.from(this.key), qos: 2, retain: false, ...delayed }
  }

  /** By DISCONNECT: it is void. */
  leaves(isConnected: boolean): void {
    if (isConnected) this.refused(this.key)
    this.key = undefined
  }

  /** The connection is lost: it is due, after its delay. */
  lost(): void {
    const { history, clientId, willDelaySeconds } = this.options
    if (this.key !== undefined && willDelaySeconds === undefined)
      history.record(clientId, { kind: 'ok', key: this.key })
    this.delayed = this.key
    this.key = undefined
  }

  /** The session goes on, closed since then: before its delay is over the will of the connection before is void. */
  resumed(closedAt: number): void {
    const { history, willDelaySeconds = 0 } = this.options
    const key = this.delayed
    this.delayed = undefined
    if (history.now() < closedAt + willDelaySeconds * 1000) this.refused(key)
  }

  private refused(key: string | undefined): void {
    const { history, clientId } = this.options
    if (key !== undefined) history.record(clientId, { kind: 'refused', key })
  }
}
