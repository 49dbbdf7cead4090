import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Search } from './search.ts'

/** What the address says, and how to make it say something else; an empty text takes the name out of it. */
export function useSearchText(): [Search, (change: Search, replace?: boolean) => void] {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const set = (change: Search, replace = true) =>
    void navigate({ to: '.', search: ((before: Search) => ({ ...before, ...change })) as never, replace })
  return [search, set]
}
