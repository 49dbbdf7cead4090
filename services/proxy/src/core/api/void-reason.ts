import { state } from '@tern/proto'

type Told = Readonly<{ word: string; text: string }>

const reasons: Readonly<Record<state.VoidReason, Told>> = {
  [state.VoidReason.UNSPECIFIED]: {
    word: 'UNSPECIFIED',
    text: 'it is a repetition, or of a connection that was taken over',
  },
  [state.VoidReason.SENT_AGAIN]: {
    word: 'SENT_AGAIN',
    text: 'its proxy sent it again after a failure, and the first copy was stored',
  },
  [state.VoidReason.PROXY_ENDED]: {
    word: 'PROXY_ENDED',
    text: 'its proxy was recorded dead before it was stored',
  },
  [state.VoidReason.CONNECTION_OVER]: {
    word: 'CONNECTION_OVER',
    text: 'its connection was over: a newer one of its client, or its will, stands before it',
  },
  [state.VoidReason.EXCHANGE_OPEN]: {
    word: 'EXCHANGE_OPEN',
    text: 'its client sent it again at QoS 2, and the first copy was stored',
  },
  [state.VoidReason.PUBLISHED_AGAIN]: {
    word: 'PUBLISHED_AGAIN',
    text: 'its publisher sent it again with one request id or sequence, and the first copy was stored',
  },
  [state.VoidReason.WILL_AGAIN]: {
    word: 'WILL_AGAIN',
    text: 'the will of that connection, or of a newer one, was stored before',
  },
  [state.VoidReason.MALFORMED]: {
    word: 'MALFORMED',
    text: 'what was written there does not keep the format of messages',
  },
}

/** Why the order of the log made a record void: a word for programs, and the end of a sentence. A newer broker may know other reasons. */
export const voidReasonOf = (reason: state.VoidReason | undefined): Told =>
  reasons[reason ?? state.VoidReason.UNSPECIFIED] ?? reasons[state.VoidReason.UNSPECIFIED]
