import { group } from '@tern/proto'
import type { QueueRunner } from '../queue/queue-runner.ts'
import type { Link } from './link.ts'

/** Runs the task with the queue's runner, in the order of asking; with nothing when the queue is somebody else's. */
type At = (queue: number, task: (runner: QueueRunner | undefined) => void) => void

/** What a proxy asks of the shared subscriptions of this broker's queues. Who could not make a change durable is no owner. */
export class GroupRequests {
  private readonly link: Link
  private readonly at: At

  constructor(link: Link, at: At) {
    this.link = link
    this.at = at
  }

  make({ id, queue, group: name }: group.GroupMake): void {
    const refuse = () => this.link.answerGroupMake({ id, queue, notOwner: true })
    this.at(queue, (runner) => {
      if (runner === undefined) refuse()
      else
        runner.groups
          .make(name)
          .then((refusal) => this.link.answerGroupMake({ id, queue, reasonCode: refusal ?? 0 }), refuse)
    })
  }

  join(part: group.GroupJoin): void {
    const { id, queue } = part
    const answer = (notOwner: boolean) => this.link.answerGroupJoin({ id, queue, notOwner })
    this.at(queue, (runner) => {
      if (runner === undefined) answer(true)
      else
        runner.groups.join(this.link, part).then(
          () => answer(false),
          () => answer(true),
        )
    })
  }

  settle(part: group.GroupSettle): void {
    this.at(part.queue, (runner) => runner?.groups.settle(this.link, part))
  }

  attach({ id, queue, taker, gone }: group.TakerAttach): void {
    const refuse = () => this.link.answerTakerAttach({ id, queue, notOwner: true })
    this.at(queue, (runner) => {
      if (taker === undefined || gone) {
        if (taker !== undefined) runner?.groups.takes.leave(taker)
      } else if (runner === undefined) refuse()
      else
        runner.groups.takes
          .attach(this.link, taker)
          .then((taken) => this.link.answerTakerAttach({ id, queue, taken }), refuse)
    })
  }

  take(part: group.GroupTake): void {
    const { id, queue } = part
    const answer = (verdict: group.GroupTakeVerdict) => this.link.answerGroupTake({ id, queue, verdict })
    const refuse = () => answer(group.GroupTakeVerdict.NOT_OWNER)
    this.at(queue, (runner) => {
      if (runner === undefined) refuse()
      else runner.groups.takes.take(this.link, this.link.proxy ?? 0, part).then(answer, refuse)
    })
  }

  done(part: group.GroupDone): void {
    const { id, queue } = part
    const answer = (notOwner: boolean) => this.link.answerGroupDone({ id, queue, notOwner })
    this.at(queue, (runner) => {
      if (runner === undefined) answer(true)
      else
        runner.groups.takes.done(part).then(
          () => answer(false),
          () => answer(true),
        )
    })
  }
}
