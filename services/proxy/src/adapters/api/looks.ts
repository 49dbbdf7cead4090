import type { Looking } from './call.ts'
import { Queries } from './query.ts'
import { Replays } from './replay.ts'

/** Whoever looks back, by whatever path, does so within the same limits. */
export type Looks = Readonly<{ queries: Queries; replays: Replays }>

export const looksOf = (looking: Looking): Looks => ({ queries: new Queries(looking), replays: new Replays(looking) })
