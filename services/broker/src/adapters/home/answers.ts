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
    default:
      return unreachable(asked)
  }
}

/** What was there at one of two moments, or at both. */
export function either(one: Told, other: Told): Told {
  if (one?.$case === 'filterHeld' && other?.$case === 'filterHeld') return one.value ? one : other
  if (one?.$case !== 'sessionsExist' || other?.$case !== 'sessionsExist') return undefined
  return { $case: 'sessionsExist', value: { keys: [...new Set([...one.value.keys, ...other.value.keys])] } }
}
