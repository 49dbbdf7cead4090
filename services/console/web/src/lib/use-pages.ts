import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { call } from './api.ts'

type Paged = Readonly<{ nextPageToken?: string }>

/** A list that goes on by its own marks. `missing`: parts of the region without an answer, of any page. */
export function usePages<Answer extends Paged, Row>(
  name: string,
  request: object,
  rowsOf: (answer: Answer) => readonly Row[] | undefined,
  enabled = true,
) {
  const query = useInfiniteQuery({
    queryKey: [name, request, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      call<Answer>(name, pageParam === '' ? request : { ...request, pageToken: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: ({ nextPageToken = '' }) => (nextPageToken === '' ? undefined : nextPageToken),
    placeholderData: keepPreviousData,
    enabled,
  })
  const pages = query.data?.pages ?? []
  return {
    query,
    rows: pages.flatMap((page) => rowsOf(page) ?? []),
    first: pages[0],
    last: pages.at(-1),
    more: query.hasNextPage,
    busy: query.isFetchingNextPage,
    load: () => void query.fetchNextPage(),
  }
}
