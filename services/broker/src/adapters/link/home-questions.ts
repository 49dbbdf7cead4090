import type { question } from '@tern/proto'
import { type Owner, partitionOf } from '@tern/routing'
import type { HomeService } from '../home/service.ts'
import type { AskHomes } from '../queue/ask-homes.ts'
import type { Ownership } from '../queue/ownership.ts'
import type { Remotes } from './remotes.ts'

/** Client ids are at most 64 KiB each. */
const keysMax = 256

type Question = NonNullable<question.HomeQuestion['question']>
type Answer<Kind extends Question['$case']> = Extract<
  NonNullable<question.HomeQuestionAnswer['answer']>,
  { $case: Kind }
>['value']

export type HomeQuestionsOptions = Readonly<{
  ownership: Ownership
  homes: HomeService
  queues(): number
  ownerOf(queue: number): Owner | undefined
  remotes: Remotes
}>

/** Asks homes, here and on other brokers. */
export class HomeQuestions implements AskHomes {
  private readonly options: HomeQuestionsOptions

  constructor(options: HomeQuestionsOptions) {
    this.options = options
  }

  async sessionsExist(keys: readonly question.SessionKey[]): Promise<question.SessionKey[]> {
    return this.inPages(keys, async (queue, page) => {
      return (await this.ask(queue, { $case: 'sessionsExist', value: { keys: page } })).keys
    })
  }

  async willsStored(clients: readonly question.ClientNumber[]): Promise<question.ClientNumber[]> {
    return this.inPages(clients, async (queue, page) => {
      return (await this.ask(queue, { $case: 'willsStored', value: { clients: page } })).clients
    })
  }

  async filterHeld(filter: string): Promise<boolean> {
    const queues = Array.from({ length: this.options.queues() }, (_, queue) => queue)
    const held = await Promise.all(queues.map((queue) => this.ask(queue, { $case: 'filterHeld', value: filter })))
    return held.includes(true)
  }

  private async inPages<Item extends Readonly<{ clientId: string }>>(
    items: readonly Item[],
    ask: (queue: number, page: Item[]) => Promise<Item[]>,
  ): Promise<Item[]> {
    const byHome = Map.groupBy(items, ({ clientId }) => partitionOf(clientId, this.options.queues()))
    const asked: Promise<Item[]>[] = []
    for (const [queue, all] of byHome) {
      for (let from = 0; from < all.length; from += keysMax) asked.push(ask(queue, all.slice(from, from + keysMax)))
    }
    return (await Promise.all(asked)).flat()
  }

  private async ask<Asked extends Question>(queue: number, asked: Asked): Promise<Answer<Asked['$case']>> {
    const { ownership, homes, ownerOf, remotes } = this.options
    const owner = ownerOf(queue)
    const here = (await ownership.when(queue)) !== undefined
    if (!here && owner === undefined) throw new Error(`queue ${queue} has no owner`)
    const asking = { queue, question: asked }
    const { answer } = here ? await homes.ask({ id: 0, ...asking }) : await remotes.at(owner?.address ?? '').ask(asking)
    if (answer?.$case !== asked.$case) throw new Error(`the home of queue ${queue} did not answer`)
    return answer.value as Answer<Asked['$case']>
  }
}
