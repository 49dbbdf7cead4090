import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { call } from './api.ts'
import { useLive } from './live-switch.tsx'

/** A unary call as a page shows it: what was there before stays while the next answer, or none, comes. */
export function useCall<Answer>(
  name: string,
  request: object,
  { every, enabled = true }: Readonly<{ every?: number; enabled?: boolean }> = {},
) {
  const { on } = useLive()
  return useQuery({
    queryKey: [name, request],
    queryFn: ({ signal }) => call<Answer>(name, request, signal),
    refetchInterval: every !== undefined && on ? every : false,
    placeholderData: keepPreviousData,
    enabled,
  })
}
