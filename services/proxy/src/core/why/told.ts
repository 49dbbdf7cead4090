import type { KnownDelivery, WhyFacts, WhyVerdict } from './facts.ts'
import { ago, at, code } from './words.ts'

const sessionEnded = 'the session ended with its connection'

/** What the ledger says of deliveries to the client itself; undefined: nothing that decides. */
export function fromLedger({ clientId, client, deliveries, nowMs }: WhyFacts): WhyVerdict | undefined {
  const own = deliveries.filter((each) => each.clientId === clientId)
  const done = own.find(({ outcome }) => outcome === 'acked' || outcome === 'written')
  if (done !== undefined) return delivered(clientId, done)
  const last = own.toSorted((a, b) => b.endMs - a.endMs)[0]
  if (last === undefined) return undefined
  const { filter } = last
  const who = `client "${clientId}"`
  switch (last.outcome) {
    case 'refused':
      return {
        ...{ answer: 'DROPPED', timeMs: last.endMs, filter },
        text: `${who} refused it with reason code ${code(last.reasonCode)} at ${at(last.endMs)}.`,
        hint: 'The client sent that code in its PUBACK or PUBREC: its own log says why.',
      }
    case 'expired':
      return {
        ...{ answer: 'EXPIRED', timeMs: last.endMs, filter },
        text: `Its expiry interval had passed when ${who} could have got it, at ${at(last.endMs)}.`,
        hint: 'Publish with a longer message expiry interval, or find out why the client came so late.',
      }
    case 'dropped':
      return last.reason === sessionEnded
        ? {
            ...{ answer: 'SESSION_ENDED', timeMs: last.endMs, filter },
            text: `It was written to ${who} and not acknowledged when the connection ended at ${at(last.endMs)}, and the session with it.`,
            hint: 'A session expiry interval above 0 lets messages wait for the client to come back.',
          }
        : {
            ...{ answer: 'DROPPED', timeMs: last.endMs, filter },
            text: `It was dropped for ${who} at ${at(last.endMs)}: ${last.reason}.`,
            hint: droppedHint(last),
          }
    case 'pending':
      if (client !== undefined && !client.connected) return undefined
      return {
        ...{ answer: 'AWAITING_ACK', timeMs: last.startMs, filter },
        text: `It was written to ${who} at ${at(last.startMs)} (attempt ${last.attempt}), ${ago(last.startMs, nowMs)}, and is not acknowledged.`,
        hint: 'The client has it and does not answer: see whether its handler hangs.',
      }
    // The client's present state says more.
    default:
      return undefined
  }
}

function delivered(clientId: string, { outcome, qos, endMs, filter, attempt }: KnownDelivery): WhyVerdict {
  const times = attempt > 1 ? `, at attempt ${attempt}` : ''
  return {
    ...{ answer: 'DELIVERED', timeMs: endMs, filter },
    text:
      outcome === 'acked'
        ? `It was delivered to client "${clientId}" at QoS ${qos}, and acknowledged at ${at(endMs)}${times}.`
        : `It was written to client "${clientId}" at QoS 0 at ${at(endMs)}; at QoS 0 nobody acknowledges.`,
    hint: outcome === 'acked' ? '' : 'Subscribe and publish at QoS 1 to know that it arrived.',
  }
}

const droppedHint = ({ reason }: KnownDelivery): string =>
  reason.startsWith('larger')
    ? 'The client named a Maximum Packet Size in CONNECT: raise it, or publish less.'
    : 'At QoS 0 nothing is kept for a client that does not read: subscribe at QoS 1, or make the client faster.'
