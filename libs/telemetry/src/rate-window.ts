type Sample = Readonly<{ at: number; values: readonly number[] }>

/** Of the last ten seconds. */
const windowMs = 10_000

/** How fast numbers grew that are looked at now and then. */
export class RateWindow {
  private samples: Sample[] = []

  look(at: number, values: readonly number[]): void {
    this.samples.push({ at, values })
    // The last one that is older than the window stays: from it on the window is whole.
    while ((this.samples[1]?.at ?? at) <= at - windowMs) this.samples.shift()
  }

  /** Over all of the window. */
  growth(): number[] {
    const [first] = this.samples
    return (this.samples.at(-1)?.values ?? []).map((value, i) => Math.max(0, value - (first?.values[i] ?? 0)))
  }

  /** A second of it; zeros until there were two looks. */
  perSecond(): number[] {
    const [first] = this.samples
    const last = this.samples.at(-1)
    if (first === undefined || last === undefined) return []
    const seconds = (last.at - first.at) / 1_000
    return last.values.map((value, i) => (seconds <= 0 ? 0 : Math.max(0, value - (first.values[i] ?? 0)) / seconds))
  }
}
