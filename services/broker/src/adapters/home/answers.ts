import type { question } from '@tern/proto'
import { unreachable } from '@tern/runtime'
import { type Client, compareNumbers } from '../../core/home/client.ts'
import type { SharedFilters } from '../../core/home/subscriptions.ts'

export type Asked = question.HomeQuestion['question']
export type Told = question.HomeQuestionAnswer['answer']

/** What a home knows at this moment of what the owner of a queue asks for; undefined when it does not know the question. */
export function tell(asked: Asked, clients: ReadonlyMap<string, Client>, shared: SharedFilters): Told {
  if (asked === undefined) return undefined
  switch (asked.$case) {
    case 'sessionsExist': {
      const keys = asked.value.keys.filter(({ clientId, incarnation }) => {
        const session = clients.get(clientId)?.session
        return session && incarnation && compareNumbers(session.incarnation, incarnation) === 0
      })
      return { $case: 'sessionsExist', value: { keys } }
    }
    case 'filterHeld':
      return { $case: 'filterHeld', value: shared.has(asked.value) }
    case 'willsStored': {
      const stored = asked.value.clients.filter(({ clientId, connection }) => {
        const will = clients.get(clientId)?.will
        return will && connection && compareNumbers(will.connection, connection) <= 0
      })
      return { $case: 'willsStored', value: { clients: stored } }
    }
    default:
      return unreachable(asked)
  }
}

/** What was there at one of two moments, or at both. */
export function either(one: Told, other: Told): Told {
  if (one?.$case === 'filterHeld' && other?.$case === 'filterHeld') return one.value ? one : other
  if (one?.$case === 'sessionsExist' && other?.$case === 'sessionsExist') {
    return { $case: 'sessionsExist', value: { keys: union(one.value.keys, other.value.keys) } }
  }
  if (one?.$case !== 'willsStored' || other?.$case !== 'willsStored') return undefined
  return { $case: 'willsStored', value: { clients: union(one.value.clients, other.value.clients) } }
}

const union = <Item>(one: readonly Item[], other: readonly Item[]): Item[] => [...new Set([...one, ...other])]
