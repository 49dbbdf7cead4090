import type { link } from '@tern/proto'

/** A question to the owner of a queue: asked again on each new stream until it is answered. */
export type Question = Readonly<{
  id: number
  put(request: link.LinkRequest): void
  answered(answer: never): void
}>

/** The open questions of one queue, in the order in which they were asked. */
export class Questions {
  private readonly open = new Map<number, Question>()

  add(question: Question): void {
    this.open.set(question.id, question)
  }

  /** True when it was one of these. */
  answer(id: number, answer: unknown): boolean {
    const question = this.open.get(id)
    if (question === undefined) return false
    this.open.delete(id)
    question.answered(answer as never)
    return true
  }

  has(id: number): boolean {
    return this.open.has(id)
  }

  [Symbol.iterator](): Iterator<Question> {
    return this.open.values()
  }
}
