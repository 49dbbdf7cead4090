import { matches, parseFilter } from '@tern/mqtt'
import { voidReasonOf } from '../api/void-reason.ts'
import type { KnownClient, KnownMessage, KnownSubscription, WhyFacts, WhyVerdict } from './facts.ts'
import { fromLedger } from './told.ts'
import { ago, at } from './words.ts'

/** So many filters of a client are named. */
const namedMax = 5

/** Why a message did, or did not, arrive at a client. What happened decides before what is; what is before what would have to be. */
export function why(facts: WhyFacts): WhyVerdict {
  const { verdict, message, client, clientId, messageId } = facts
  if (verdict === 'void') {
    return {
      answer: 'VOID',
      text: `Message ${messageId} is void, nobody is delivered it: ${voidReasonOf(facts.voidReason).text}.`,
      hint: 'What made it void stands before it in the same queue.',
    }
  }
  const waits = client !== undefined && inFlight(facts, client)
  const told = waits || fromLedger(facts)
  if (told) return told
  if (client === undefined) return unknownClient(facts)
  if (verdict === 'passed' || message === undefined) {
    return {
      answer: 'RETENTION_PASSED',
      text: `Retention took message ${messageId} before client "${clientId}" had it.`,
      hint: 'Messages are kept for 72 hours; a session that is away for longer misses what was published before.',
    }
  }
  return fromSubscriptions(facts, message, client)
}

function inFlight({ clientId, nowMs }: WhyFacts, { inFlightSinceMs: since }: KnownClient): WhyVerdict | undefined {
  if (since === undefined) return undefined
  const when = since > 0 ? ` at ${at(since)}, ${ago(since, nowMs)},` : ''
  return {
    ...{ answer: 'AWAITING_ACK', timeMs: since || undefined },
    text: `It was written to client "${clientId}"${when} and is not acknowledged.`,
    hint: 'The client has it and does not answer: see whether its handler hangs.',
  }
}

function unknownClient({ clientId, ledger }: WhyFacts): WhyVerdict {
  return {
    answer: 'UNKNOWN_CLIENT',
    text: `There is no session of client "${clientId}", and nothing was delivered to it.`,
    hint:
      ledger === undefined
        ? 'No trace service answers: what was delivered to sessions that are over is not known.'
        : 'Look for it by a part of its id: tern clients. A session without expiry ends with its connection.',
  }
}

function fromSubscriptions(facts: WhyFacts, message: KnownMessage, client: KnownClient): WhyVerdict {
  const { clientId, position } = facts
  const matching = client.subscriptions.filter(({ filter }) => matchesTopic(filter, message.topic))
  if (matching.length === 0) return notMatching(facts, message, client)
  const heard = matching.filter(({ noLocal }) => !(noLocal && message.publisherClientId === clientId))
  const [first] = heard
  if (first === undefined) {
    return {
      ...{ answer: 'FILTERED', filter: matching[0]?.filter },
      text: `Client "${clientId}" published it itself, and its subscription "${matching[0]?.filter}" is a no-local one.`,
      hint: 'Without the no-local option the client gets what it publishes.',
    }
  }
  const covering = heard.filter(({ filter, start }) => isShared(filter) || (start !== undefined && start < position))
  const [subscription] = covering
  if (subscription === undefined) {
    return {
      ...{ answer: 'SUBSCRIBED_LATER', timeMs: message.storedMs, filter: first.filter },
      text: `It was stored at ${at(message.storedMs)}, before client "${clientId}" subscribed to "${first.filter}".`,
      hint: 'ReplayMessages and Subscribe of the API can begin earlier; retained messages are given to who comes later.',
    }
  }
  const shared = covering.every(({ filter }) => isShared(filter)) && otherMember(facts, covering)
  return shared || fromState(facts, message, client, subscription)
}

function otherMember(
  { deliveries, clientId }: WhyFacts,
  covering: readonly KnownSubscription[],
): WhyVerdict | undefined {
  const filters = new Set(covering.map(({ filter }) => filter))
  const taken = deliveries.find((each) => each.clientId !== clientId && filters.has(each.filter))
  if (taken === undefined) return undefined
  return {
    ...{ answer: 'OTHER_MEMBER', timeMs: taken.startMs, filter: taken.filter },
    text: `Of the group of "${taken.filter}" member "${taken.clientId}" got it at ${at(taken.startMs)}.`,
    hint: 'Each message goes to one member of a group; subscribe without $share to get all.',
  }
}

/** It matches and is not known to have been delivered: what is the session doing? */
function fromState(
  { clientId, position, nowMs, ledger, deliveries }: WhyFacts,
  message: KnownMessage,
  client: KnownClient,
  { filter }: KnownSubscription,
): WhyVerdict {
  const who = `Client "${clientId}"`
  const { expiresAtMs } = message
  const taken = client.settled || (client.takenBelow !== undefined && position < client.takenBelow)
  if (taken && !isShared(filter)) {
    const lacks = ledger === undefined ? 'no trace service answers' : 'its entry is not there yet, or was lost'
    return {
      ...{ answer: 'DELIVERED', filter },
      text: `The session of client "${clientId}" is past it: it was delivered or given up; when is not known, since ${lacks}.`,
      hint: 'Ask again in a second: entries come a little after what they tell of.',
    }
  }
  if (expiresAtMs !== undefined && expiresAtMs < nowMs) {
    return {
      ...{ answer: 'EXPIRED', timeMs: expiresAtMs, filter },
      text: `It expired at ${at(expiresAtMs)}, before client "${clientId}" had it.`,
      hint: 'Publish with a longer message expiry interval, or find out why the client came so late.',
    }
  }
  if (!client.connected) {
    const since = client.offlineSinceMs
    const when = since === undefined ? '' : ` since ${at(since)}, ${ago(since, nowMs)}`
    return {
      ...{ answer: 'OFFLINE', timeMs: since, filter },
      text: `${who} is offline${when}; the message waits for it.`,
      hint: 'It gets it when it connects again, before its session expires.',
    }
  }
  const waited = deliveries.find((each) => each.clientId === clientId && each.outcome === 'waiting')
  const isFull = client.receiveMaximum > 0 && client.inFlight >= client.receiveMaximum
  if (isFull || waited?.reason.includes('window') === true) {
    return {
      ...{ answer: 'WINDOW_FULL', timeMs: waited?.startMs, filter },
      text: `${who} has ${client.inFlight} messages that it does not acknowledge, as many as it takes at once; this one waits.`,
      hint: 'See what it was written and does not acknowledge; a larger Receive Maximum lets more through.',
    }
  }
  return {
    ...{ answer: 'CATCHING_UP', filter },
    text: `${who} is connected and reads what came before it.`,
    hint: 'Its lag says how far it is: tern clients show.',
  }
}

function notMatching({ clientId }: WhyFacts, { topic }: KnownMessage, { subscriptions }: KnownClient): WhyVerdict {
  const named = subscriptions.slice(0, namedMax).map(({ filter }) => `"${filter}"`)
  const more = subscriptions.length > namedMax ? ` and ${subscriptions.length - namedMax} more` : ''
  return {
    answer: 'NOT_MATCHING',
    text:
      subscriptions.length === 0
        ? `Client "${clientId}" has no subscriptions.`
        : `No subscription of client "${clientId}" matches "${topic}": it has ${named.join(', ')}${more}.`,
    hint: 'A filter matches whole levels: + one of them, # all that follow.',
  }
}

const isShared = (filter: string): boolean => filter.startsWith('$share/')

const matchesTopic = (filter: string, topic: string): boolean => matches(parseFilter(filter)?.filter ?? filter, topic)
