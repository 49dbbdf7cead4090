import { numbers } from '@tern/proto'
import { Series } from './series.ts'

/** Numbers of each second, of all members together: some 60 MB. Series beyond are not kept. */
export const numbersMax = 8_000
/** A member that has told nothing for so long is one that cannot be asked. */
export const silentAfterSeconds = 5
/** A member that has told nothing for a quarter of an hour is forgotten. */
const forgetAfterSeconds = 900

export type Family = Readonly<Omit<numbers.NumberFamily, 'points'>>

export type KeptSeries = Readonly<{
  member: string
  zone: string
  family: Family
  labels: readonly string[]
  series: Series
}>

/** What members told of themselves, by the second. */
export class NumberHistory {
  private readonly families = new Map<string, Family>()
  private readonly kept = new Map<string, Map<string, KeptSeries>>()
  private readonly heard = new Map<string, number>()
  private count = 0

  take({ member, zone, families }: numbers.MemberNumbers, second: number): void {
    this.heard.set(member, second)
    for (const { points, ...family } of families) {
      this.families.set(family.name, family)
      for (const point of points) this.put(member, zone, family, point, second)
    }
  }

  /** All names there are. */
  described(): Family[] {
    return [...this.families.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  family(name: string): Family | undefined {
    return this.families.get(name)
  }

  of(name: string): KeptSeries[] {
    return [...(this.kept.get(name)?.values() ?? [])]
  }

  /** Members that are silent now and were not a while ago. */
  silent(second: number): string[] {
    return [...this.heard].filter(([, at]) => second - at > silentAfterSeconds).map(([member]) => member)
  }

  /** To be called now and then. */
  forget(second: number): void {
    for (const [member, at] of this.heard) {
      if (second - at <= forgetAfterSeconds) continue
      this.heard.delete(member)
      for (const series of this.kept.values()) {
        for (const [key, each] of series) {
          if (each.member !== member) continue
          series.delete(key)
          this.count -= each.series.width
        }
      }
    }
  }

  private put(member: string, zone: string, family: Family, point: numbers.NumberPoint, second: number): void {
    let ofName = this.kept.get(family.name)
    if (ofName === undefined) {
      ofName = new Map()
      this.kept.set(family.name, ofName)
    }
    const labels = point.labelValues
    const key = [member, ...labels].join('\u0000')
    let known = ofName.get(key)
    if (known === undefined) {
      const width = family.kind === numbers.NumberKind.HISTOGRAM ? family.bounds.length + 1 : 1
      if (this.count + width > numbersMax) return
      this.count += width
      known = { member, zone, family, labels, series: new Series(width) }
      ofName.set(key, known)
    }
    known.series.put(second, point.counts.length > 0 ? point.counts : [point.value])
  }
}
