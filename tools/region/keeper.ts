import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Phase = 'starting' | 'ready' | 'down' | 'held down' | 'paused'

export type KeeperOptions = Readonly<{
  name: string
  /** What Node runs. */
  command: readonly string[]
  logFile: string
  pidFile: string
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>
  restartDelayMs: number
  /** Resolves once the child serves. */
  ready(child: ChildProcess): Promise<unknown>
  changed(phase: Phase): void
  line(text: string): void
}>

const leash = join(import.meta.dirname, 'leash.ts')
const stopGraceMs = 3_000

/** Keeps one process alive: starts it, starts it again when it dies, unless told to hold it down. */
export class Keeper {
  readonly options: KeeperOptions
  phase: Phase = 'down'
  private child: ChildProcess | undefined
  private exited: Promise<unknown> = Promise.resolve()
  private readonly settling: (() => void)[] = []
  private restart: NodeJS.Timeout | undefined
  private unwritable = false

  constructor(options: KeeperOptions) {
    this.options = options
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  /** Starts it unless it runs, and resolves once it serves (at the second attempt, if the first dies) or is held down again. */
  start(): Promise<void> {
    clearTimeout(this.restart)
    if (this.child === undefined) this.launch()
    return new Promise((resolve) => {
      this.settling.push(resolve)
      if (this.phase === 'ready') this.enter('ready')
    })
  }

  private launch(): void {
    const { command, pidFile, env, ready } = this.options
    const node = ['--disable-warning=ExperimentalWarning', '--import', leash, ...command]
    const child = spawn(process.execPath, node, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    })
    this.child = child
    this.enter('starting')
    if (child.pid) this.note(() => writeFileSync(pidFile, `${child.pid}\n`))
    child.stdout?.on('data', (data: Buffer) => this.write(data))
    child.stderr?.on('data', (data: Buffer) => this.write(data))
    const exit = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
      child.once('error', (error) => resolve(error.message))
    })
    this.exited = exit.then((why) => this.gone(child, why))
    void ready(child).then(() => {
      if (this.child === child && this.phase === 'starting') this.enter('ready')
    })
  }

  /** SIGKILL, and held down until `start`. Resolves once the process is gone. */
  async kill(): Promise<void> {
    this.enter('held down')
    clearTimeout(this.restart)
    this.child?.kill('SIGKILL')
    await this.exited
  }

  pause(): void {
    if (this.child?.kill('SIGSTOP')) this.enter('paused')
  }

  resume(): void {
    if (this.child?.kill('SIGCONT')) this.enter('ready')
  }

  /** Ends it in order; by force when it takes longer than it may. */
  async stop(): Promise<void> {
    this.enter('held down')
    clearTimeout(this.restart)
    const { child } = this
    child?.kill('SIGTERM')
    child?.kill('SIGCONT')
    const force = setTimeout(() => child?.kill('SIGKILL'), stopGraceMs)
    await this.exited
    clearTimeout(force)
  }

  private gone(child: ChildProcess, why: string): void {
    if (this.child !== child) return
    this.child = undefined
    rmSync(this.options.pidFile, { force: true })
    if (this.phase === 'held down') return
    this.options.line(`${this.options.name} ended (${why}); it is started again`)
    this.enter('down')
    this.restart = setTimeout(() => this.launch(), this.options.restartDelayMs)
  }

  private write(data: Buffer): void {
    this.note(() => appendFileSync(this.options.logFile, data))
    for (const line of data.toString().trimEnd().split('\n')) this.options.line(`${this.options.name}  ${line}`)
  }

  /** A full disk must not end the supervisor, and the region with it. Told once, until it works again. */
  private note(write: () => void): void {
    try {
      write()
      this.unwritable = false
    } catch (error) {
      if (!this.unwritable)
        this.options.line(`${this.options.name}: its files cannot be written (${(error as Error).message})`)
      this.unwritable = true
    }
  }

  private enter(phase: Phase): void {
    const before = this.phase
    this.phase = phase
    if (phase !== before) this.options.changed(phase)
    if (phase === 'ready' || phase === 'held down') for (const settle of this.settling.splice(0)) settle()
  }
}
