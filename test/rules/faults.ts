import { durableFaults } from './durable-faults.ts'
import { forgettingFaults } from './forgetting-faults.ts'
import { lookingFaults } from './looking-faults.ts'
import { publisherFaults } from './publisher-faults.ts'
import { sessionFaults } from './session-faults.ts'
import { sharedFaults } from './shared-faults.ts'
import { streamFaults } from './stream-faults.ts'

/** A rule of a queue (1 to 8) or of delivery (D1 to D12), as `docs/rules.md` words it, the fence of tern.state, or that what is answered is durable. */
export type Fault = Readonly<{
  rule: string
  /** What is taken out. */
  without: string
  file: string
  /** Stands once in the file. */
  find: string
  replace: string
  /** The test file, and the beginning of the name of a test in it, that must fail without the rule. */
  tests: string
  noticedBy: string
}>

const broker = 'services/broker/src'
const proxy = 'services/proxy/src'
const queueState = { file: `${broker}/core/queue/queue-state.ts`, tests: `${broker}/core/queue/queue-state.test.ts` }
const delivery = { file: `${proxy}/core/delivery/delivery.ts`, tests: `${proxy}/core/delivery/delivery.test.ts` }
const journalTests = `${proxy}/core/delivery/outbound-journal.test.ts`
const channel = { file: `${proxy}/adapters/region/queue-channel.ts`, tests: `${proxy}/adapters/region/region.test.ts` }
const appends = { file: `${proxy}/adapters/region/append-window.ts`, tests: channel.tests }
const dispatcher = {
  file: `${broker}/core/dispatch/dispatcher.ts`,
  tests: `${broker}/core/dispatch/dispatcher.test.ts`,
}
const blockSummary = `${broker}/core/block-summary`
const summaries = { file: `${blockSummary}/block-summaries.ts`, tests: `${blockSummary}/block-summaries.test.ts` }
const takeover = `${broker}/adapters/queue/takeover.test.ts`
const homeTests = `${broker}/core/home/session.test.ts`
const fence = { file: `${broker}/adapters/home/state-store.ts`, tests: `${broker}/adapters/home/state-store.test.ts` }

const queueFaults: readonly Fault[] = [
  {
    rule: '1',
    without: 'a sequence that is not above the last one is void',
    ...queueState,
    find: 'return known.ended || record.sequence <= known.sequence',
    replace: 'return known.ended',
    noticedBy: 'a record whose sequence is not above the last of its producer is void',
  },
  {
    rule: '1',
    without: 'after the marker of its end a producer is void',
    ...queueState,
    find: '{ sequence: known?.sequence ?? 0, ended: true }',
    replace: '{ sequence: known?.sequence ?? 0, ended: false }',
    noticedBy: 'after the marker of its end a producer writes no more',
  },
  {
    rule: '1',
    without: 'on a new stream everything unanswered goes again',
    ...appends,
    find: 'this.unsent = this.first\n  }',
    replace: '}',
    noticedBy: 'on a new stream everything unanswered goes again',
  },
  {
    rule: '2',
    without: 'a record of a lower connection number is void',
    ...queueState,
    find: 'else if (isLower(connection, newest)) return false',
    replace: '',
    noticedBy: 'a lower connection number of the client is void',
  },
  {
    rule: '2',
    without: 'a home refuses what a lower connection writes',
    file: `${broker}/core/home/decide.ts`,
    find: 'compareNumbers(connection, session.connection) === 0\n  if',
    replace: 'true\n  if',
    tests: homeTests,
    noticedBy: 'a lower connection number changes nothing',
  },
  {
    rule: '3',
    without: 'an open exchange makes its repetition void',
    ...queueState,
    find: 'if (this.isOpen(record.clientId, record.qosTwo)) return this.noteVoid(position, VoidReason.EXCHANGE_OPEN)',
    replace: '',
    noticedBy: '[MQTT5-4.3.3-10]',
  },
  {
    rule: '3',
    without: 'the release marker closes the exchange',
    file: queueState.file,
    find: 'exchanges?.delete(exchangeOf(key))',
    replace: '',
    tests: `${broker}/adapters/link/link.test.ts`,
    noticedBy: 'an open QoS 2 exchange is found until its release marker (rule 3)',
  },
  {
    rule: '4',
    without: 'the snapshot keeps the last sequences',
    file: `${broker}/core/queue/snapshot.ts`,
    find: 'queue.producers.set(key, { sequence, ended })',
    replace: 'void [producer, sequence, ended]',
    tests: takeover,
    noticedBy: 'the next owner knows from the snapshot',
  },
  {
    rule: '4',
    without: 'a snapshot counts when all its parts are there',
    file: `${broker}/core/queue/snapshot.ts`,
    find: `  const closing = parts.find((part) => part.closing)
  if (closing === undefined) return undefined
  const whole = parts.filter(({ position, part }) => position === closing.position && part < closing.parts)
  if (new Set(whole.map(({ part }) => part)).size !== closing.parts) return undefined
`,
    replace: `  const [closing] = parts
  if (closing === undefined) return undefined
  const whole = parts
`,
    tests: takeover,
    noticedBy: 'a snapshot that was not closed is not used',
  },
  {
    rule: '4',
    without: 'what is read again is judged as it was at first',
    file: `${broker}/adapters/past/queue-past.ts`,
    find: ' && !state.voidPositions.has(position)',
    replace: '',
    tests: takeover,
    noticedBy: 'who reads from the past gets no void record either (rule 4)',
  },
  {
    rule: '5',
    without: 'a foreign record in the wrong queue is no message there',
    file: `${broker}/adapters/queue/rerouter.ts`,
    find: 'partitionOf(topic, this.options.queues) === this.options.queue',
    replace: 'partitionOf(topic, this.options.queues) >= 0',
    tests: takeover,
    noticedBy: 'a foreign record in the wrong queue',
  },
  {
    rule: '6',
    without: 'expiry runs from the append time of the log',
    file: `${proxy}/core/delivery/outgoing.ts`,
    find: 'this.timeMs = timeMs',
    replace: 'this.timeMs = timeMs + 3_600_000',
    tests: delivery.tests,
    noticedBy: 'a message that has expired is not sent',
  },
  {
    rule: '6',
    without: 'rather late than early',
    file: `${proxy}/core/delivery/outgoing.ts`,
    find: 'left < -expiryToleranceMs',
    replace: 'left <= 0',
    tests: delivery.tests,
    noticedBy: 'a message is sent for as long as two clocks may differ after its end (rule 6)',
  },
  {
    rule: '7',
    without: 'a window has an end',
    ...appends,
    find: 'return this.count < appendWindow.records && this.bytes < appendWindow.bytes',
    replace: 'return true',
    noticedBy: 'a full window says so',
  },
  {
    rule: '7',
    without: 'the keep-alive clock stands while the client is not read',
    file: `${proxy}/adapters/connection/client-connection.ts`,
    find: 'const listening = this.blocks === (this.stalled ? 1 : 0)',
    replace: 'const listening = true',
    tests: `${proxy}/adapters/connection/client-connection.test.ts`,
    noticedBy: 'while a queue has no room its publishers are not read, and their keep-alive clocks stand (rule 7)',
  },
]

const deliveryFaults: readonly Fault[] = [
  {
    rule: 'D1',
    without: 'a proxy gets what it is interested in only',
    ...dispatcher,
    find: 'if (this.wants(entry, message.topic)) attachment.add(message)',
    replace: 'attachment.add(message)',
    noticedBy: 'who comes from behind gets what it wants only',
  },
  {
    rule: 'D1',
    without: 'a range in which nothing matched is covered, too',
    ...dispatcher,
    find: 'const delivery = attachment?.take()',
    replace: 'const delivery = attachment?.takeRecords()',
    noticedBy: 'a range in which nothing matched is reported',
  },
  {
    rule: 'D2',
    without: 'nothing from before its start is for a subscription',
    file: `${proxy}/core/delivery/subscription-set.ts`,
    find: 'return start !== undefined && position > start',
    replace: 'return start !== undefined',
    tests: delivery.tests,
    noticedBy: 'what lies before the start of a filter that came later is not counted for it (D2)',
  },
  {
    rule: 'D2',
    without: 'an owner that is silent is not waited for longer than 500 ms',
    file: `${proxy}/adapters/region/region.ts`,
    find: 'const startWithin = 500',
    replace: 'const startWithin = 50_000_000',
    tests: channel.tests,
    noticedBy: 'the start of a subscription is the position that the owner answers with',
  },
  {
    rule: 'D3',
    without: 'who is slow is not sent more',
    ...delivery,
    find: 'if (!this.options.writable() || this.outbox.isFull) {',
    replace: 'if (this.outbox.isFull) {',
    noticedBy: 'a socket that is full stops QoS 1',
  },
  {
    rule: 'D4',
    without: 'a session goes on at its cursor',
    ...delivery,
    find: 'stored ? new QueueCursor(queue, stored.low + 1, stored.settled) : new QueueCursor(queue, start + 1)',
    replace: 'new QueueCursor(queue, Math.max(start + 1, this.options.region.next(queue)))',
    noticedBy: 'a session that goes on reads from its cursor',
  },
  {
    rule: 'D4',
    without: 'a summary knows the level prefixes of its topics',
    file: `${blockSummary}/topic-hash.ts`,
    find: '      visit(hash)\n      levels++',
    replace: '      levels++',
    tests: summaries.tests,
    noticedBy: 'a summary never says no to what the naive matcher finds',
  },
  {
    rule: 'D4',
    without: 'a summary says nothing of positions that were not seen',
    ...summaries,
    find: 'if (closed === undefined || closed.first > position) return false',
    replace: 'if (closed === undefined) return false',
    noticedBy: 'a summary never says no to what the naive matcher finds, nor to what it has not seen',
  },
  {
    rule: 'D4',
    without: 'what retention took is not passed over',
    ...summaries,
    find: 'cut.first = Math.max(cut.first, start)',
    replace: 'cut.first = Math.min(cut.first, start)',
    noticedBy: 'what retention took is not passed over',
  },
  {
    rule: 'D4',
    without: 'an answer covers what was judged only',
    file: `${broker}/adapters/link/reads.ts`,
    find: 'this.next = message.position + 1',
    replace: 'this.next = next',
    tests: `${broker}/adapters/past/catch-up.test.ts`,
    noticedBy: 'with summaries and shared pages a session gets what it would get from every record',
  },
  {
    rule: 'D5',
    without: 'live begins at exactly the next position',
    file: `${proxy}/core/delivery/catch-up.ts`,
    find: 'cursor.next >= delivery.options.region.next(queue) && cursor.next > cursor.readThrough',
    replace: 'true',
    tests: delivery.tests,
    noticedBy: 'a session that goes on reads from its cursor',
  },
  {
    rule: 'D6',
    without: 'a proxy attaches from its position',
    ...channel,
    find: 'after: this.position, epoch',
    replace: 'after: fromPresentEnd, epoch',
    noticedBy: 'interest is stated before the attachment, which goes on after what was covered (D6)',
  },
  {
    rule: 'D7',
    without: 'what is in flight holds the low-water mark',
    file: `${proxy}/core/delivery/queue-cursor.ts`,
    find: 'const low = (held[0] ?? taken) - 1',
    replace: 'const low = taken - 1',
    tests: delivery.tests,
    noticedBy: 'the cursor is a low-water mark and the ranges',
  },
  {
    rule: 'D8',
    without: 'the journal is durable before PUBLISH leaves',
    file: `${proxy}/core/delivery/outbound-journal.ts`,
    find: 'this.outbox.hold()',
    replace: '',
    tests: journalTests,
    noticedBy: 'QoS 2 of a session that lasts: journal before PUBLISH',
  },
  {
    rule: 'D8',
    without: 'PUBREC is durable before PUBREL leaves',
    file: `${proxy}/core/delivery/outbound-journal.ts`,
    find: 'if (entry.phase === RELEASED || !this.options.journalled) {',
    replace: 'if (entry.phase !== undefined) {',
    tests: journalTests,
    noticedBy: 'QoS 2 of a session that lasts: journal before PUBLISH',
  },
  {
    rule: 'D9',
    without: 'live clients are announced to a new home',
    ...channel,
    find: 'if (moved) this.options.homeMoved()',
    replace: '',
    noticedBy: 'live connections are announced to a new home',
  },
  {
    rule: 'D9',
    without: 'a takeover fires the will before it gives the number',
    file: `${broker}/core/home/will.ts`,
    find: "return sessionGoesOn && dueAtMs > now ? 'cancelled' : 'fires'",
    replace: "return 'cancelled'",
    tests: homeTests,
    noticedBy: 'at a takeover the home waits for the report, then fires a will',
  },
  {
    rule: 'D9',
    without: 'a CONNECT that was taken over before it was answered is over',
    file: `${broker}/core/home/overtaken.ts`,
    find: 'if (overtaken.some(isOld)) return true',
    replace: '',
    tests: `${broker}/core/home/overtaken.test.ts`,
    noticedBy: 'a CONNECT that was taken over before it was answered is over',
  },
  {
    rule: 'D9',
    without: 'the next home knows which CONNECTs were taken over',
    file: `${broker}/core/home/records.ts`,
    find: 'return overtaken.length === 0 ? undefined : {',
    replace: 'return true ? undefined : {',
    tests: `${broker}/core/home/overtaken.test.ts`,
    noticedBy: 'its will has fired and is not stored again, also at the next home',
  },
  {
    rule: 'D11',
    without: 'an empty payload removes the retained message',
    file: `${broker}/core/retained/retained-topics.ts`,
    find: 'if (value === null || value.length === 0) {',
    replace: 'if (value === null) {',
    tests: `${broker}/adapters/link/link.test.ts`,
    noticedBy: 'retained messages are read by filter',
  },
  {
    rule: 'D11',
    without: 'a refusal stands on the log',
    ...queueState,
    find: 'known.refused.set(sequence, reasonCode)',
    replace: '',
    tests: takeover,
    noticedBy: 'a retained message that was refused is refused again',
  },
  {
    rule: 'D12',
    without: 'a gap that retention made is told',
    file: `${proxy}/core/delivery/catch-up.ts`,
    find: 'if (page.gap) delivery.options.onGap(queue, from, page.first - 1)',
    replace: '',
    tests: delivery.tests,
    noticedBy: 'what retention took before a session had it is told as a gap (D12)',
  },
]

const fenceFaults: readonly Fault[] = [
  {
    rule: 'fence',
    without: 'the older owner steps down',
    ...fence,
    find: 'if (epoch > this.#options.epoch) this',
    replace: 'if (epoch < 0) this',
    noticedBy: 'the older of two owners steps down at its next write',
  },
  {
    rule: 'fence',
    without: 'an answer of another offset is read back',
    ...fence,
    find: 'if (baseOffset === replica.next()) replica.accept(records)\n      else await replica.readTo(baseOffset + records.length)',
    replace: 'replica.accept(records)',
    noticedBy: 'the older of two owners steps down at its next write',
  },
]

const here = [...queueFaults, ...deliveryFaults, ...fenceFaults, ...publisherFaults]
const beside = [
  ...forgettingFaults,
  ...sharedFaults,
  ...durableFaults,
  ...sessionFaults,
  ...lookingFaults,
  ...streamFaults,
]
export const faults: readonly Fault[] = [...here, ...beside]
