import type { Command } from './command.ts'
import { apiCall } from './commands/api-call.ts'
import { getClient, kickClients, listClients, removeClient } from './commands/clients.ts'
import { completion } from './commands/completion.ts'
import { addContext, listContexts, useContext } from './commands/context.ts'
import { doctor } from './commands/doctor.ts'
import { events } from './commands/events.ts'
import { getGroup, listGroups, resetGroup } from './commands/groups.ts'
import { get, query, resend, tail } from './commands/messages.ts'
import { pub } from './commands/pub.ts'
import { listQueues } from './commands/queues.ts'
import { simulateFleet } from './commands/simulate.ts'
import { status } from './commands/status.ts'
import { sub } from './commands/sub.ts'
import { bench, open } from './commands/tools.ts'
import {
  findTopics,
  getRetained,
  listRetained,
  removeRetained,
  setRetained,
  topicTree,
  whoGets,
} from './commands/topics.ts'
import { searchTraces, trace, why } from './commands/trace.ts'
import { drain, heal, kill, listZones, pause, undrain } from './commands/zones.ts'

/** In the order in which they are listed. */
export const commands: readonly Command[] = [
  ...[status, doctor, pub, sub, tail, query, get, trace, searchTraces, why, resend],
  ...[listClients, getClient, kickClients, removeClient],
  ...[topicTree, findTopics, whoGets, listRetained, getRetained, setRetained, removeRetained],
  ...[listGroups, getGroup, resetGroup, listQueues],
  ...[listZones, kill, pause, heal, drain, undrain, events],
  ...[bench, simulateFleet, apiCall, open, addContext, useContext, listContexts],
  completion(() => commands),
]
