import kafkajs from 'kafkajs'

const { Kafka, logLevel } = kafkajs
const lookEveryMs = 50

/** Moves leaders while all nodes live: a leader that is taken out of the replicas hands over, and comes back as a follower. */
export class Leaders {
  private readonly admin: kafkajs.Admin
  private readonly topic: string

  private constructor(admin: kafkajs.Admin, topic: string) {
    this.admin = admin
    this.topic = topic
  }

  static async of(bootstrap: string, topic: string): Promise<Leaders> {
    const admin = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    return new Leaders(admin, topic)
  }

  /** By partition. */
  async now(): Promise<number[]> {
    return (await this.partitions()).map(({ leader }) => leader)
  }

  /** Resolves once each partition is led by another node than before. */
  async move(): Promise<void> {
    const before = await this.partitions()
    const others = before.map(({ replicas, leader }) => replicas.filter((node) => node !== leader))
    await this.reassign(others)
    await this.until((now, i) => now.leader !== before[i]?.leader && now.replicas.length === others[i]?.length)
    await this.reassign(others.map((replicas, i) => [...replicas, before[i]?.leader ?? 0]))
    await this.until(({ isr }, i) => isr.length === before[i]?.replicas.length)
  }

  stop(): Promise<void> {
    return this.admin.disconnect()
  }

  private async reassign(replicas: readonly number[][]): Promise<void> {
    const partitionAssignment = replicas.map((nodes, partition) => ({ partition, replicas: nodes }))
    await this.admin.alterPartitionReassignments({ topics: [{ topic: this.topic, partitionAssignment }] })
  }

  private async until(holds: (now: kafkajs.PartitionMetadata, partition: number) => boolean): Promise<void> {
    while (!(await this.partitions()).every((each) => holds(each, each.partitionId)))
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }

  private async partitions(): Promise<kafkajs.PartitionMetadata[]> {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [this.topic] })
    return (topics[0]?.partitions ?? []).toSorted((a, b) => a.partitionId - b.partitionId)
  }
}
