import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { RpcServer } from '@tern/rpc'
import { serveDevControl } from './dev-control.ts'
import { claimFolder, describeRegion } from './folder.ts'
import { Keeper, type Phase } from './keeper.ts'
import { folderVariable } from './leftovers.ts'
import type { Plan, ZoneName } from './plan.ts'
import { logArguments, type Onlooker, onlookers, ownCollector, zoneArguments } from './programs.ts'

export type Watcher = Readonly<{
  /** A process changed its phase. */
  changed(name: string, phase: Phase): void
  /** A line that a process wrote, or a notice about it. */
  line(text: string): void
}>

export type Programs = Readonly<{
  /** How a zone is run, if otherwise. */
  zone?: typeof zoneArguments
  /** What runs beside the zones. */
  onlookers?: readonly Onlooker[]
}>

const silentWatcher: Watcher = { changed() {}, line() {} }
const zoneRestartMs = 1_000
/** The log holds everybody up, and comes back with all that it acknowledged. */
const logRestartMs = 100

/** The processes of a region: the log, three zones, and those who look on. */
export class Supervisor {
  readonly plan: Plan
  /** None when the region stands on Kafka. */
  private readonly log: Keeper | undefined
  private readonly zones: ReadonlyMap<ZoneName, Keeper>
  private readonly onlookers: readonly Keeper[]
  private readonly folder: { release(): void }
  private control: RpcServer | undefined

  /** Throws when another region uses the folder. */
  constructor(plan: Plan, watcher: Watcher = silentWatcher, programs: Programs = {}) {
    this.plan = plan
    this.folder = claimFolder(
      plan.folder,
      plan.zones.map(({ nameserver }) => nameserver),
    )
    const { zone: zoneCommand = zoneArguments, onlookers: names = [] } = programs
    const collector = names.includes('trace') ? ownCollector(plan, process.env) : {}
    const keep = (
      name: string,
      command: string[],
      restartDelayMs: number,
      ready: (child: ChildProcess) => Promise<unknown>,
    ) =>
      new Keeper({
        name,
        command,
        restartDelayMs,
        ready,
        env: { ...plan.logEnvironment, ...collector, [folderVariable]: plan.folder },
        logFile: join(plan.folder, 'logs', `${name}.log`),
        pidFile: join(plan.folder, 'run', `${name}.pid`),
        changed: (phase) => watcher.changed(name, phase),
        line: (text) => watcher.line(text),
      })
    const { log, folder } = plan
    if (log !== undefined)
      this.log = keep('log', logArguments(log, plan.logMetrics, folder), logRestartMs, () => answers(log))
    this.onlookers = names.map((name) => keep(name, onlookers[name](plan), zoneRestartMs, announced))
    this.zones = new Map(
      plan.zones.map((each) => [each.zone, keep(each.zone, zoneCommand(plan, each), zoneRestartMs, announced)]),
    )
  }

  /** Resolves once every zone serves, and those who look on. */
  async start(): Promise<void> {
    await this.log?.start()
    this.control ??= await serveDevControl(this)
    await Promise.all([...this.zones.values()].map((zone) => zone.start()))
    describeRegion(this.plan)
    await Promise.all(this.onlookers.map((onlooker) => onlooker.start()))
  }

  zone(name: ZoneName): Keeper {
    const keeper = this.zones.get(name)
    if (keeper === undefined) throw new Error(`there is no zone ${name}`)
    return keeper
  }

  get keepers(): readonly Keeper[] {
    return [...(this.log === undefined ? [] : [this.log]), ...this.zones.values(), ...this.onlookers]
  }

  /** Every process of the region, the log too, as a loss of power would. */
  async killAll(): Promise<void> {
    await Promise.all(this.keepers.map((keeper) => keeper.kill()))
  }

  /** Zones first, so that they can still write. */
  async stop(): Promise<void> {
    this.control?.stop()
    await Promise.all([...this.zones.values(), ...this.onlookers].map((keeper) => keeper.stop()))
    await this.log?.stop()
    this.folder.release()
  }
}

/** A zone says by a message that it serves. */
function announced(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve))
}

/** Resolves once somebody listens at the address. */
function answers(address: string): Promise<void> {
  const [host = '', port] = address.split(':')
  return new Promise((resolve) => {
    const look = () => {
      const socket = connect({ host, port: Number(port) })
      socket.once('connect', () => {
        socket.destroy()
        resolve()
      })
      socket.once('error', () => setTimeout(look, 20))
    }
    look()
  })
}
