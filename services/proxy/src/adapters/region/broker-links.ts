import { group, home, type link } from '@tern/proto'
import type { RouteTable, RouteWatcher } from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'
import { BrokerLink, type DialBroker } from './broker-link.ts'
import type { QueueChannel } from './queue-channel.ts'

const redialDelay = 100

export type BrokerLinksOptions = Readonly<{
  proxy: number
  channels: readonly QueueChannel[]
  routes: RouteWatcher
  clock: Clock
  logger: Logger
  dial: DialBroker
  push(push: home.HomePush): void
}>

/** One link to each broker that owns queues, and each queue on the link of its owner. */
export class BrokerLinks {
  private readonly options: BrokerLinksOptions
  private readonly links = new Map<string, BrokerLink>()
  private stopped = false

  constructor(options: BrokerLinksOptions) {
    this.options = options
    options.routes.onChange((table) => this.follow(table))
    this.follow(options.routes.table())
  }

  stop(): void {
    this.stopped = true
    for (const link of this.links.values()) link.end()
  }

  private follow(table: RouteTable): void {
    if (this.stopped) return
    for (const [queue, channel] of this.options.channels.entries()) {
      const owner = table.ownerOf(queue)
      if (owner === undefined || (owner.epoch === channel.owner?.epoch && owner.address === channel.owner.address))
        continue
      channel.owner = owner
      channel.lost()
      channel.begin(this.linkTo(owner.address))
    }
  }

  private linkTo(address: string): BrokerLink {
    const known = this.links.get(address)
    if (known) return known
    const { proxy, clock, dial, logger } = this.options
    const link: BrokerLink = new BrokerLink(address, proxy, dial(address), clock, {
      response: (response) => this.dispatch(link, response),
      over: (reason) => {
        this.links.delete(address)
        if (!this.stopped) logger.info('a link to a broker is over', { address, reason })
        for (const channel of this.options.channels) if (channel.goesBy(link)) channel.lost()
        clock.after(redialDelay, () => this.redial(address))
      },
    })
    this.links.set(address, link)
    return link
  }

  private redial(address: string): void {
    if (this.stopped) return
    const orphans = this.options.channels.filter((channel) => channel.owner?.address === address && !channel.linked)
    if (orphans.length === 0) return
    const link = this.linkTo(address)
    for (const channel of orphans) channel.begin(link)
  }

  private dispatch(link: BrokerLink, response: link.LinkResponse): void {
    const at = (queue: number): QueueChannel | undefined => {
      const channel = this.options.channels[queue]
      // A late answer of an earlier stream: the present one says it again.
      return channel?.goesBy(link) ? channel : undefined
    }
    for (const answer of response.appendAnswers) at(answer.queue)?.appendAnswered(answer)
    for (const answer of response.interestAnswers) at(answer.queue)?.interestAnswered(answer)
    for (const answer of response.attachAnswers) at(answer.queue)?.attachAnswered(answer)
    for (const delivery of response.deliveries) at(delivery.queue)?.delivered(delivery)
    for (const answer of response.readAnswers) this.answer(link, answer.id, answer.notOwner, answer)
    for (const answer of response.retainedAnswers) this.answer(link, answer.id, answer.notOwner, answer)
    for (const answer of response.openExchangesAnswers) {
      this.answer(link, answer.id, answer.notOwned.length > 0, answer)
    }
    for (const answer of response.publisherAnswers) this.answer(link, answer.id, answer.notOwner, answer)
    for (const answer of response.homeAnswers) {
      this.answer(link, answer.id, answer.status === home.HomeStatus.NOT_OWNER, answer)
    }
    for (const answer of response.groupMakeAnswers) this.answer(link, answer.id, answer.notOwner, answer)
    for (const answer of response.groupJoinAnswers) at(answer.queue)?.groupJoinAnswered(answer)
    for (const delivery of response.groupDeliveries) at(delivery.queue)?.leased(delivery)
    // A list of what was taken was made before what ends in the same frame.
    for (const answer of response.takerAttachAnswers) at(answer.queue)?.takerAttachAnswered(answer)
    for (const answer of response.groupTakeAnswers) {
      this.answer(link, answer.id, answer.verdict === group.GroupTakeVerdict.NOT_OWNER, answer)
    }
    for (const answer of response.groupDoneAnswers) this.answer(link, answer.id, answer.notOwner, answer)
    for (const question of response.clientsQuestions) at(question.queue)?.asked(question)
    for (const push of response.homePushes) this.options.push(push)
  }

  private answer(link: BrokerLink, id: number, notOwner: boolean, answer: unknown): void {
    const channel = this.options.channels.find(({ questions }) => questions.has(id))
    if (channel === undefined || !channel.goesBy(link)) return
    if (notOwner) channel.askAgainLater()
    else channel.questions.answer(id, answer)
  }
}
