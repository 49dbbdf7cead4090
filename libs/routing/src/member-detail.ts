import type { control } from '@tern/proto'
import { version } from '@tern/runtime'

/** What a member tells of itself to people and to other services. Endpoints without an address are left out. */
export function memberDetail(
  endpoints: Readonly<Record<string, string | undefined>>,
  startedAtMs: number,
): control.MemberDetail {
  const known = Object.entries(endpoints).flatMap(([name, address]) => (address ? [[name, address] as const] : []))
  return { endpoints: Object.fromEntries(known), version, startedAtMs }
}
