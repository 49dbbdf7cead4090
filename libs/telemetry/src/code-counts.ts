/** How often each of at most 256 codes was met: a number each, so that counting is an addition. */
export class CodeCounts {
  private readonly counts = new Float64Array(256)
  private readonly nameOf: (code: number) => string

  constructor(nameOf: (code: number) => string) {
    this.nameOf = nameOf
  }

  add(code: number): void {
    this.counts[code & 0xff]!++
  }

  /** By name; codes that were never met are left out. */
  *points(): Generator<readonly [labels: readonly string[], count: number]> {
    const byName = new Map<string, number>()
    for (const [code, count] of this.counts.entries()) {
      if (count > 0) byName.set(this.nameOf(code), (byName.get(this.nameOf(code)) ?? 0) + count)
    }
    for (const [name, count] of byName) yield [[name], count]
  }
}
