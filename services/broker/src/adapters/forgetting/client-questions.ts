import type { question } from '@tern/proto'
import type { Clock } from '@tern/runtime'
import type { Link } from '../link/link.ts'
import { type Waiting, within } from '../link/within.ts'

/** What the proxy at the other end of a link is asked of its clients. */
export class ClientQuestions {
  private readonly link: Link
  private readonly clock: Clock
  private readonly waiting = new Map<number, Waiting<question.ClientsAnswer>>()
  private asked = 0

  constructor(link: Link, clock: Clock) {
    this.link = link
    this.clock = clock
  }

  /** Rejects when the link breaks, and when nothing comes in time. */
  ask(queue: number, clientIds: string[]): Promise<question.ClientsAnswer> {
    const id = ++this.asked
    return within(this.clock, (waiting) => {
      this.waiting.set(id, waiting)
      this.link.askClients({ id, queue, clientIds })
    })
  }

  answered(answer: question.ClientsAnswer): void {
    this.waiting.get(answer.id)?.resolve(answer)
    this.waiting.delete(answer.id)
  }

  close(): void {
    for (const { reject } of this.waiting.values()) reject(new Error('the proxy has gone'))
    this.waiting.clear()
  }
}
