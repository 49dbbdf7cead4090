import type { question } from '@tern/proto'

/** What the owner of a queue asks of homes. Rejects when one of them could not be asked now. */
export type AskHomes = Readonly<{
  /** Those of the sessions that exist. */
  sessionsExist(keys: readonly question.SessionKey[]): Promise<readonly question.SessionKey[]>
  /** Those of which a will is stored, of that connection or a lower one. */
  willsStored(clients: readonly question.ClientNumber[]): Promise<readonly question.ClientNumber[]>
  /** Whether a session anywhere holds this shared filter, "$share/<name>/<filter>". */
  filterHeld(filter: string): Promise<boolean>
}>
