import { append, deliver, group, type home, link, type question } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import type { Clock, Duplex } from '@tern/runtime'
import type { Message } from '../../core/queue/tail-ring.ts'

export type LinkStream = Duplex<link.LinkResponse, link.LinkRequest>

type Leased = Readonly<{ queue: number; group: string; baseTimeMs: number; writer: PackedWriter; earlier: number[] }>

const emptyResponse = (): link.LinkResponse => link.LinkResponse.create({})

/** The broker's end of a stream to a proxy: gathers what one turn of the event loop has for it into one frame. */
export class Link {
  /** The proxy's incarnation; 0 for another broker, undefined before the first frame. */
  proxy: number | undefined
  /** The proxy stands in this broker's zone. */
  near = false
  private readonly stream: LinkStream
  private readonly clock: Clock
  private frame: link.LinkResponse | undefined
  private readonly leased = new Map<string, Leased>()

  constructor(stream: LinkStream, clock: Clock) {
    this.stream = stream
    this.clock = clock
  }

  /** Adds to the run of answers that the frame ends with, when it continues it. */
  answerAppend(
    queue: number,
    sequence: number,
    {
      verdict,
      position,
      repeated,
      reasonCode,
    }: Readonly<{ verdict: append.AppendVerdict; position: number; repeated: boolean; reasonCode: number }>,
  ): void {
    const answers = this.next().appendAnswers
    const last = answers.at(-1)
    const goesOn = last?.queue === queue && last.firstSequence + last.count === sequence
    const isNext = position === (last === undefined || last.basePosition < 0 ? -1 : last.basePosition + last.count)
    const isAlike = last?.verdict === verdict && last.reasonCode === reasonCode && last.repeated === repeated
    if (goesOn && isNext && isAlike) last.count++
    else {
      const run = { queue, firstSequence: sequence, count: 1, verdict, basePosition: position, reasonCode, repeated }
      answers.push(append.AppendAnswer.create(run))
    }
  }

  notOwner(queue: number, firstSequence: number, count: number): void {
    const verdict = append.AppendVerdict.NOT_OWNER
    this.next().appendAnswers.push(
      append.AppendAnswer.create({ queue, firstSequence, count, verdict, basePosition: -1 }),
    )
  }

  deliver(delivery: deliver.Delivery): void {
    this.next().deliveries.push(delivery)
  }

  answerInterest(answer: Partial<deliver.InterestAnswer>): void {
    this.next().interestAnswers.push(deliver.InterestAnswer.create(answer))
  }

  answerAttach(answer: Partial<deliver.AttachAnswer>): void {
    this.next().attachAnswers.push(deliver.AttachAnswer.create(answer))
  }

  answerRead(answer: Partial<deliver.ReadAnswer>): void {
    this.next().readAnswers.push(deliver.ReadAnswer.create(answer))
  }

  answerRetained(answer: Partial<deliver.RetainedAnswer>): void {
    this.next().retainedAnswers.push(deliver.RetainedAnswer.create(answer))
  }

  answerOpenExchanges(answer: Partial<append.OpenExchangesAnswer>): void {
    this.next().openExchangesAnswers.push(append.OpenExchangesAnswer.create(answer))
  }

  answerPublisher(answer: append.PublisherAnswer): void {
    this.next().publisherAnswers.push(answer)
  }

  answerHome(answer: home.HomeAnswer): void {
    this.next().homeAnswers.push(answer)
  }

  askClients(question: question.ClientsQuestion): void {
    this.next().clientsQuestions.push(question)
  }

  answerHomeQuestion(answer: question.HomeQuestionAnswer): void {
    this.next().homeQuestionAnswers.push(answer)
  }

  answerGroupJoin(answer: group.GroupJoinAnswer): void {
    this.next().groupJoinAnswers.push(answer)
  }

  answerGroupMake(answer: Partial<group.GroupMakeAnswer>): void {
    this.next().groupMakeAnswers.push(group.GroupMakeAnswer.create(answer))
  }

  answerTakerAttach(answer: Partial<group.TakerAttachAnswer>): void {
    this.next().takerAttachAnswers.push(group.TakerAttachAnswer.create(answer))
  }

  answerGroupTake(answer: group.GroupTakeAnswer): void {
    this.next().groupTakeAnswers.push(answer)
  }

  answerGroupDone(answer: group.GroupDoneAnswer): void {
    this.next().groupDoneAnswers.push(answer)
  }

  /** Records of one group that are leased in one turn travel together. */
  lease(queue: number, name: string, { position, timeMs, body }: Message, earlier: number): void {
    this.next()
    const key = `${queue}/${name}`
    let leased = this.leased.get(key)
    if (leased === undefined) {
      leased = { queue, group: name, baseTimeMs: timeMs, writer: new PackedWriter(0, timeMs), earlier: [] }
      this.leased.set(key, leased)
    }
    leased.writer.add(position, timeMs, body)
    leased.earlier.push(earlier)
  }

  push(push: home.HomePush): void {
    this.next().homePushes.push(push)
  }

  end(): void {
    this.stream.end()
  }

  private next(): link.LinkResponse {
    if (this.frame === undefined) {
      this.frame = emptyResponse()
      this.clock.soon(() => this.flush())
    }
    return this.frame
  }

  private flush(): void {
    const frame = this.frame
    this.frame = undefined
    if (frame === undefined) return
    for (const { queue, group, baseTimeMs, writer, earlier: each } of this.leased.values()) {
      const records = { basePosition: 0, count: writer.count, records: writer.finish() }
      const earlier = each.some((times) => times > 0) ? each : []
      frame.groupDeliveries.push({ queue, group, baseTimeMs, ...records, earlier })
    }
    this.leased.clear()
    this.stream.send(frame)
  }
}
