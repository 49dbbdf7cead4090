/** Aliases that this server gives to topics of PUBLISH packets to one client: the first ones it sends (MQTT 5, 3.3.2.3.4). */
export class TopicAliases {
  private readonly aliases = new Map<string, number>()
  private readonly maximum: number

  constructor(maximum: number) {
    this.maximum = maximum
  }

  /** `named`: the client does not know the alias yet. */
  of(topic: string): { alias: number; named: boolean } | undefined {
    const known = this.aliases.get(topic)
    if (known !== undefined) return { alias: known, named: false }
    if (this.aliases.size >= this.maximum) return undefined
    const alias = this.aliases.size + 1
    this.aliases.set(topic, alias)
    return { alias, named: true }
  }
}
