export type Weighted<Node> = Readonly<{ node: Node; weight: number }>
export type Cell<Node> = Readonly<{ node: Node; share: number; heat: number }>
export type Strip<Node> = Readonly<{ share: number; cells: readonly Cell<Node>[] }>

const drawnMax = 24
/** Smaller ones would hold no name. */
const shareMin = 0.004

/** Columns of areas in proportion to their weights: the heaviest alone, then ever more of the lighter ones together. */
export function stripsOf<Node>(given: readonly Weighted<Node>[]): Strip<Node>[] {
  const sorted = given.toSorted((a, b) => b.weight - a.weight).slice(0, drawnMax)
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0)
  const [heaviest] = sorted
  if (total <= 0 || heaviest === undefined) return []
  const shown = sorted.filter(({ weight }) => weight / total >= shareMin)
  const strips: Strip<Node>[] = []
  for (let at = 0; at < shown.length; ) {
    const rest = shown.slice(at).reduce((sum, { weight }) => sum + weight, 0)
    const cells: Weighted<Node>[] = []
    let weight = 0
    while (at < shown.length && (cells.length === 0 || weight < rest * 0.34) && cells.length < 3) {
      const next = shown[at++]
      if (next === undefined) break
      cells.push(next)
      weight += next.weight
    }
    strips.push({
      share: weight / total,
      cells: cells.map((cell) => ({
        node: cell.node,
        share: cell.weight / weight,
        heat: cell.weight / heaviest.weight,
      })),
    })
  }
  return strips
}
