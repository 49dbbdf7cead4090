/** Items in the order of their keys. `next`: more may follow, and everything up to this key was looked at. */
export type KeyedPage<Item> = Readonly<{ items: readonly Item[]; next?: string | undefined }>

/** One page of pages that each begin after the same key: what a page has not looked at yet hides what comes after it in the others. */
export function mergePages<Item>(
  pages: readonly KeyedPage<Item>[],
  keyOf: (item: Item) => string,
  limit: number,
): KeyedPage<Item> {
  const bounds = pages.flatMap(({ next }) => (next === undefined ? [] : [next]))
  const bound = bounds.length === 0 ? undefined : bounds.reduce((a, b) => (a < b ? a : b))
  const items = pages
    .flatMap((page) => page.items)
    .filter((item) => bound === undefined || keyOf(item) <= bound)
    .sort((a, b) => compare(keyOf(a), keyOf(b)))
  if (items.length > limit) {
    const taken = items.slice(0, limit)
    return { items: taken, next: keyOf(taken.at(-1) as Item) }
  }
  return { items, next: bound }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
