/** What whoever runs a broker may grant more or less of; each is answered with MQTT's 0x97, quota exceeded. */
export type Quotas = Readonly<{
  /** Clients that one home knows: sessions, and wills that are still to come. There are as many homes as queues. */
  sessionsMax: number
  /** Topics of one queue that have a retained message, and the bytes of these. What is there may be replaced all the same. */
  retainedMax: number
  retainedBytesMax: number
  /** Shared subscriptions, each a name and a filter, in one queue. Who comes to one that is there is let in. */
  groupsMax: number
}>

export const quotasUnlessTold: Quotas = {
  sessionsMax: 1_000_000,
  retainedMax: 100_000,
  retainedBytesMax: 64 * 1024 * 1024,
  groupsMax: 10_000,
}
