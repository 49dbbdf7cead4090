import { type home, link, type question } from '@tern/proto'
import { acceptStream, type RpcService, withViews } from '@tern/rpc'
import type { Clock, Logger } from '@tern/runtime'
import type { HomeService } from '../home/service.ts'
import type { Ownership } from '../queue/ownership.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import { Link, type LinkStream } from './link.ts'
import { LinkSession } from './link-session.ts'

/** The service as both sides use it: what carries records is not copied once more. */
export const linkService = withViews(link.LinkServiceService, { link: [link.LinkRequest, link.LinkResponse] })

export type LinksOptions = Readonly<{
  ownership: Ownership
  homes: HomeService
  clock: Clock
  logger: Logger
  /** False once the proxy's death is recorded: what it still sends is not listened to. */
  proxyAlive(incarnation: number): boolean
  /** Whether the proxy stands in this broker's zone, as far as is known. */
  isNear(incarnation: number): boolean
}>

/** The streams of all proxies to this broker. */
export class Links {
  private readonly options: LinksOptions
  private readonly sessions = new Set<LinkSession>()

  constructor(options: LinksOptions) {
    this.options = options
  }

  get count(): number {
    return this.sessions.size
  }

  accept(stream: LinkStream): void {
    const { clock, logger, proxyAlive, isNear } = this.options
    const session = new LinkSession(new Link(stream, clock), this.options)
    this.sessions.add(session)
    stream.listen({
      frame: (request) => {
        const { link } = session
        link.proxy ??= request.proxy
        link.near ||= isNear(link.proxy)
        if (!proxyAlive(link.proxy)) stream.end()
        else this.guard(session, () => session.frame(request))
      },
      end: (reason) => {
        this.sessions.delete(session)
        session.close()
        logger.info('a proxy has gone', { proxy: session.link.proxy, reason })
      },
    })
  }

  /** False when the proxy has no stream here. */
  push(proxy: number, push: home.HomePush): boolean {
    const streams = [...this.sessions].filter(({ link }) => link.proxy === proxy)
    for (const { link } of streams) link.push(push)
    return streams.length > 0
  }

  /** Rejects when the proxy has not begun anew with this very takeover, or does not answer. */
  async askClients(proxy: number, runner: QueueRunner, clientIds: string[]): Promise<question.ClientsAnswer> {
    const attached = [...this.sessions].filter((session) => session.link.proxy === proxy && session.isAttached(runner))
    if (attached.length === 0) throw new Error(`proxy ${proxy} is not attached to this takeover`)
    // An earlier stream of the proxy may linger; it answers on the present one.
    return await Promise.any(attached.map((session) => session.askClients(runner.queue, clientIds))).catch(() => {
      throw new Error(`proxy ${proxy} did not answer`)
    })
  }

  proxyDied(incarnation: number): void {
    for (const { link } of [...this.sessions]) if (link.proxy === incarnation) link.end()
  }

  end(): void {
    for (const { link } of [...this.sessions]) link.end()
  }

  /** A frame that cannot be understood ends its stream, and nothing else. */
  private guard(session: LinkSession, task: () => void): void {
    try {
      task()
    } catch (error) {
      const { logger } = this.options
      logger.error('a frame of a proxy was refused', { proxy: session.link.proxy, error: String(error) })
      session.link.end()
    }
  }
}

/** Serves the links of whichever incarnation this process is at the moment. */
export function linkRpcService(links: () => Links | undefined): RpcService {
  const implementation: link.LinkServiceServer = {
    link: (call) => acceptLink(acceptStream(call), links()),
  }
  return { definition: linkService, implementation }
}

/** Between two incarnations nobody is served. */
export function acceptLink(stream: LinkStream, links: Links | undefined): void {
  if (links !== undefined) links.accept(stream)
  else {
    stream.listen({ frame() {}, end() {} })
    stream.end()
  }
}
