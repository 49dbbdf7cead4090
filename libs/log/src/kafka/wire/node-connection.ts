import { isIP } from 'node:net'
import { Connection, type ConnectionOptions, type Reader, type Writer } from '@platformatic/kafka'
import type { Address } from '@tern/runtime'
import { type KafkaOptions, kafkaLimits } from '../options.ts'
import { NotSent } from './kafka-error.ts'

/** One kind of request: its number and version in Kafka's protocol, and how its answer is read. */
export type Api<Answer> = Readonly<{ key: number; version: number; parse(reader: Reader): Answer }>

/** One connection to one node: dialled when it is needed, dropped when it fails, dialled anew. */
export class NodeConnection {
  private readonly address: Address
  private readonly options: ConnectionOptions
  private connection: Promise<Connection> | undefined
  private closed = false

  constructor(address: Address, options: KafkaOptions, answerMs: number = kafkaLimits.answerMs) {
    this.address = address
    this.options = connectionOptionsOf(address, options, answerMs)
  }

  /** Rejects with NotSent when nothing left, with another error when nobody knows what became of the request. */
  async ask<Answer>({ key, version, parse }: Api<Answer>, payload: () => Writer): Promise<Answer> {
    const connection = await this.connect()
    return new Promise((resolve, reject) => {
      const read = (_id: number, _key: number, _version: number, reader: Reader) => parse(reader)
      connection.send<Answer>(key, version, payload, read, true, true, (error, answer) => {
        if (!error) resolve(answer as Answer)
        else {
          this.drop()
          reject(error)
        }
      })
    })
  }

  /** Whatever is under way fails: the node is not what it was. */
  drop(): void {
    const { connection } = this
    this.connection = undefined
    void connection?.then(
      (made) => void made.close().catch(() => {}),
      () => {},
    )
  }

  close(): void {
    this.closed = true
    this.drop()
  }

  private async connect(): Promise<Connection> {
    if (this.closed) throw new NotSent('the connection to Kafka is closed')
    const dialled = this.connection ?? this.dial()
    this.connection = dialled
    try {
      const connection = await dialled
      // It logs in again on the way, when the login of its listener lasts for a time only.
      if (connection.status === 'reauthenticating') await connection.ready()
      if (connection.isConnected()) return connection
    } catch (error) {
      if (this.connection === dialled) this.connection = undefined
      const { message, cause } = error as Error
      throw new NotSent(message, { cause })
    }
    // The node has closed it since.
    if (this.connection === dialled) this.connection = undefined
    return this.connect()
  }

  private async dial(): Promise<Connection> {
    const connection = new Connection('ternmq', this.options)
    // A failure is told to whoever asks.
    connection.on('error', () => {})
    const { host, port } = this.address
    await connection.connect(host, port)
    return connection
  }
}

function connectionOptionsOf(
  { host }: Address,
  { tls, sasl }: KafkaOptions,
  requestTimeout: number,
): ConnectionOptions {
  return {
    connectTimeout: kafkaLimits.connectMs,
    requestTimeout,
    maxInflights: 64,
    // An IP address cannot be named to a TLS server; its certificate is still checked against it.
    ...(tls && { tls, tlsServerName: isIP(host) === 0 }),
    ...(sasl && { sasl }),
  }
}
