import { append, type deliver, type envelope, home, type link, type question } from '@tern/proto'
import { unpack } from '@tern/record'
import { type Clock, type Logger, pause } from '@tern/runtime'
import type { AppendVerdict, Place } from '../../core/queue/append-queue.ts'
import { ClientQuestions } from '../forgetting/client-questions.ts'
import { status } from '../home/calls.ts'
import type { HomeService } from '../home/service.ts'
import type { Ownership } from '../queue/ownership.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import { GroupRequests } from './group-requests.ts'
import type { Link } from './link.ts'
import { openExchanges } from './open-exchanges.ts'
import { publisherAnswer } from './publisher-progress.ts'
import { readAnswer, retainedAnswer } from './reads.ts'
import { envelopeAt } from './record-publisher.ts'

/** Asks for delivery from the present end on. */
const fromPresentEnd = -2

export type LinkSessionOptions = Readonly<{ ownership: Ownership; homes: HomeService; clock: Clock; logger: Logger }>

const verdicts = { stored: append.AppendVerdict.STORED, superseded: append.AppendVerdict.SUPERSEDED } as const

/** What one proxy asks of the queues of this broker, part by part and in order. */
export class LinkSession {
  readonly link: Link
  private readonly options: LinkSessionOptions
  /** By queue: the takeover that this proxy has begun anew with, all that it has unanswered first. */
  private readonly attached = new Map<number, QueueRunner>()
  private readonly groups: GroupRequests
  private readonly questions: ClientQuestions
  private closed = false

  constructor(link: Link, options: LinkSessionOptions) {
    this.link = link
    this.options = options
    this.groups = new GroupRequests(link, (queue, task) => this.at(queue, task))
    this.questions = new ClientQuestions(link, options.clock)
  }

  frame(request: link.LinkRequest): void {
    for (const part of request.interests) this.interest(part)
    for (const part of request.attaches) this.attach(part)
    for (const part of request.appends) this.append(part)
    for (const part of request.credits) this.credit(part)
    for (const part of request.reads) void this.read(part)
    for (const part of request.retainedReads) void this.retained(part)
    for (const part of request.openExchangesReads) void this.openExchanges(part)
    for (const part of request.publisherReads) void this.publisher(part)
    for (const part of request.homeCalls) this.home(part)
    for (const part of request.clientsAnswers) this.questions.answered(part)
    for (const part of request.homeQuestions) void this.homeQuestion(part)
    for (const part of request.groupMakes) this.groups.make(part)
    for (const part of request.groupJoins) this.groups.join(part)
    for (const part of request.groupSettles) this.groups.settle(part)
    for (const part of request.takerAttaches) this.groups.attach(part)
    for (const part of request.groupTakes) this.groups.take(part)
    for (const part of request.groupDones) this.groups.done(part)
  }

  close(): void {
    this.closed = true
    this.questions.close()
    for (const { dispatcher, groups } of this.options.ownership.runners()) {
      dispatcher.detach(this.link)
      groups.detach(this.link)
    }
  }

  /** Whether the proxy has begun anew with this very takeover. */
  isAttached(runner: QueueRunner): boolean {
    return this.attached.get(runner.queue) === runner
  }

  /** Without an attachment to this very takeover some of what was asked may have been refused; brokers ask one thing at a time. */
  private hasBegunWith(runner: QueueRunner): boolean {
    return this.link.proxy === 0 || this.isAttached(runner)
  }

  askClients(queue: number, clientIds: string[]): Promise<question.ClientsAnswer> {
    return this.questions.ask(queue, clientIds)
  }

  /**
   * Runs `task` at once when the queue is served; after a takeover that is under way, in the order of asking; with nothing when
   * the queue is somebody else's.
   */
  private at(queue: number, task: (runner: QueueRunner | undefined) => void): void {
    const { ownership } = this.options
    const runner = ownership.get(queue)
    if (runner) task(runner)
    else if (!ownership.expects(queue)) task(undefined)
    else {
      void ownership.when(queue).then((opened) => {
        if (!this.closed) task(opened)
      })
    }
  }

  private append({ queue, firstSequence, count, records }: append.Append): void {
    const { link } = this
    this.at(queue, (runner) => {
      // What comes after a refusal has a gap before it, and would make those before it look known (rule 1).
      if (runner === undefined || !this.hasBegunWith(runner)) {
        link.notOwner(queue, firstSequence, count)
        return
      }
      let sequence = firstSequence
      // Answers come in the order of asking, so that counting gives the sequence again.
      let answered = firstSequence
      const answer = (verdict: AppendVerdict, _: envelope.Envelope, { position, repeated }: Place) => {
        const reasonCode = typeof verdict === 'number' ? verdict : 0
        const told = typeof verdict === 'number' ? append.AppendVerdict.REFUSED : verdicts[verdict]
        link.answerAppend(queue, answered++, { verdict: told, position, repeated, reasonCode })
      }
      for (const { body } of unpack(records, 0, 0)) {
        runner.append({ record: envelopeAt(body), body, answer })
        sequence++
      }
      if (sequence !== firstSequence + count) throw new Error(`an append of ${count} records holds others`)
    })
  }

  private interest({ id, queue, add, remove }: deliver.Interest): void {
    this.at(queue, (runner) => {
      runner?.dispatcher.setInterest(this.link, { add, remove })
      this.link.answerInterest({ id, queue, position: runner?.position ?? -1, notOwner: runner === undefined })
    })
  }

  private attach({ id, queue, after, epoch }: deliver.Attach): void {
    this.at(queue, (runner) => {
      const present = this.options.ownership.epochOf(queue)
      // The proxy may have heard of the next takeover first: nobody would tell it when the present one ends here.
      if (runner === undefined || present < epoch) {
        this.attached.delete(queue)
        this.link.answerAttach({ id, queue, notOwner: true })
        return
      }
      const from = after === fromPresentEnd ? runner.position : after
      this.link.answerAttach({ id, queue, after: from, epoch: present })
      this.attached.set(queue, runner)
      runner.dispatcher.attach(this.link, from + 1)
      runner.pump()
    })
  }

  private credit({ queue, bytes }: deliver.Credit): void {
    const runner = this.options.ownership.get(queue)
    if (runner === undefined) return
    runner.dispatcher.credit(this.link, bytes)
    runner.pump()
  }

  private async read(read: deliver.Read): Promise<void> {
    const runner = await this.options.ownership.when(read.queue)
    if (runner === undefined) this.link.answerRead({ id: read.id, notOwner: true })
    else {
      const answer = await this.patiently(() => readAnswer(runner, read))
      if (answer) this.link.answerRead(answer)
    }
  }

  private async retained(read: deliver.RetainedRead): Promise<void> {
    const runner = await this.options.ownership.when(read.queue)
    this.link.answerRetained(runner === undefined ? { id: read.id, notOwner: true } : retainedAnswer(runner, read))
  }

  private async openExchanges(read: append.OpenExchangesRead): Promise<void> {
    const answer = await this.patiently(() => openExchanges(this.options.ownership, read))
    if (answer) this.link.answerOpenExchanges(answer)
  }

  private async publisher(read: append.PublisherRead): Promise<void> {
    const answer = await this.patiently(() => publisherAnswer(this.options.ownership, read))
    if (answer) this.link.answerPublisher(answer)
  }

  private home(call: home.HomeCall): void {
    this.at(call.queue, (runner) => {
      const reply = (answer: home.HomeAnswer) => {
        if (!this.closed) this.link.answerHome(answer)
      }
      // Of two journal writes the second alone would be sent again before all that the first one had (D8).
      if (runner === undefined || !this.hasBegunWith(runner)) reply(status(call.id, home.HomeStatus.NOT_OWNER))
      else this.options.homes.call(call.queue, call, this.link.proxy ?? 0, reply)
    })
  }

  private async homeQuestion(asked: question.HomeQuestion): Promise<void> {
    await this.options.ownership.when(asked.queue)
    const answer = await this.options.homes.ask(asked)
    if (!this.closed) this.link.answerHomeQuestion(answer)
  }

  /** Tries again while the log does not answer, as long as somebody waits. */
  private async patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    while (!this.closed) {
      try {
        return await ask()
      } catch (error) {
        this.options.logger.warn('a question waits for the log', { error: String(error) })
        await pause(this.options.clock, 100)
      }
    }
    return undefined
  }
}
