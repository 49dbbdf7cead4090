/** One inbound QoS 2 exchange: `receiving` until its record is durable, then `received`, then `releasing` until the marker is. */
export type Exchange = { readonly queue: number; phase: 'receiving' | 'received' | 'releasing' }

/** Inbound QoS 2 exchanges of one connection, by packet id [MQTT5-4.3.3-10]. */
export class InboundExchanges {
  private readonly exchanges = new Map<number, Exchange>()

  get count(): number {
    return this.exchanges.size
  }

  get(packetId: number): Exchange | undefined {
    return this.exchanges.get(packetId)
  }

  begin(packetId: number, queue: number): Exchange {
    const exchange: Exchange = { queue, phase: 'receiving' }
    this.exchanges.set(packetId, exchange)
    return exchange
  }

  /** Known from the queues: begun on an earlier connection. */
  adopt(packetId: number, queue: number): Exchange {
    const exchange: Exchange = { queue, phase: 'received' }
    this.exchanges.set(packetId, exchange)
    return exchange
  }

  end(packetId: number): void {
    this.exchanges.delete(packetId)
  }
}
