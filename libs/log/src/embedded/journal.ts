import { fdatasyncSync, mkdirSync, readdirSync } from 'node:fs'
import { batchAt } from '@tern/record'
import { type Frame, frameHeaderBytes, readFrame, writeFrame } from './frame.ts'
import {
  createSegment,
  openSegment,
  readWhole,
  removeSegment,
  type Segment,
  segmentPath,
  writeWhole,
  writeZeros,
  zeros,
} from './segment.ts'
import { SpareSegment } from './spare-segment.ts'

/** Where the payload of a frame lies. */
export type Place = Readonly<{ segment: number; at: number }>

export type JournalOptions = Readonly<{
  folder: string
  segmentBytes: number
  create?: typeof createSegment
  /** Puts what was written to a file on the disk; fdatasync when left out. */
  sync?: (fd: number) => void
}>

export type JournalReader = Readonly<{
  /** Of a complete segment: what it holds is known, and it need not be read. */
  isKnown(segment: number): boolean
  found(frame: Frame, place: Place): void
}>

/** The disk did not take a commit, and nothing of it will ever be read. */
export class CommitRefused extends Error {}

/** All frames of all partitions, one after the other, in segment files. One write and one fdatasync for a commit. */
export class Journal {
  private readonly options: JournalOptions
  private readonly sync: (fd: number) => void
  private readonly segments = new Map<number, Segment>()
  private current: Segment | undefined
  private at = 0
  private readonly spare: SpareSegment | undefined
  private buffer = Buffer.allocUnsafe(1024 * 1024)
  private refused: Readonly<{ bytes: number; reason: string }> | undefined

  /** Hands each frame that is whole to `found`, in order, and cuts off what a crash tore. Throws when more than the tail is damaged. */
  constructor(options: JournalOptions, { isKnown, found }: JournalReader) {
    this.options = options
    this.sync = options.sync ?? fdatasyncSync
    mkdirSync(options.folder, { recursive: true })
    if (options.create === undefined) this.spare = new SpareSegment(options.folder, options.segmentBytes)
    const numbers = readdirSync(options.folder)
      .filter((name) => name.endsWith('.segment'))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
    let torn: string | undefined
    for (const number of numbers) {
      const segment = openSegment(options.folder, number)
      this.segments.set(number, segment)
      const { frames, end, clean } = isKnown(number)
        ? { frames: 1, end: segment.sizeBytes, clean: true }
        : this.scan(segment, found)
      if (frames > 0 && torn !== undefined)
        throw new Error(`the journal is damaged in ${torn}, before its end; restore it or begin with an empty folder`)
      if (frames > 0 || this.current === undefined || !clean) {
        this.current = segment
        this.at = end
      }
      if (!clean) torn = segmentPath(options.folder, number)
    }
    if (torn !== undefined) this.cut()
  }

  /** The oldest first. */
  segmentNumbers(): number[] {
    return [...this.segments.keys()]
  }

  get currentNumber(): number | undefined {
    return this.current?.number
  }

  /** Why the disk takes no more; undefined once it took again what it had refused. Less than that may fit all the time. */
  get refusal(): string | undefined {
    return this.refused?.reason
  }

  /** Durable when it returns; gives the places of the payloads. CommitRefused: certainly not written. Another error: end the process. */
  commit(frames: readonly Frame[]): Place[] {
    const size = frames.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, 0)
    try {
      const places = this.write(frames, size)
      if (size >= (this.refused?.bytes ?? 0)) this.refused = undefined
      return places
    } catch (error) {
      if (error instanceof CommitRefused)
        this.refused = { bytes: Math.min(size, this.refused?.bytes ?? size), reason: error.message }
      throw error
    }
  }

  private write(frames: readonly Frame[], size: number): Place[] {
    const segment = this.room(size)
    if (size > this.buffer.length) this.buffer = Buffer.allocUnsafe(2 * size)
    const places: Place[] = []
    let end = 0
    for (const frame of frames) {
      places.push({ segment: segment.number, at: this.at + end + frameHeaderBytes })
      end = writeFrame(this.buffer, end, frame)
    }
    try {
      writeWhole(segment.fd, this.buffer, end, this.at)
    } catch (error) {
      // What got through is taken back before the answer; when that fails too, nobody can say what is on disk.
      writeZeros(segment.fd, this.at, Math.min(this.at + end, segment.sizeBytes))
      this.sync(segment.fd)
      throw new CommitRefused(`the disk did not take it: ${(error as Error).message}`)
    }
    this.sync(segment.fd)
    this.at += end
    if (this.at > segment.sizeBytes / 4) this.spare?.prepare()
    return places
  }

  read({ segment, at }: Place, length: number, target: Buffer, offset: number): void {
    const found = this.segments.get(segment)
    if (found === undefined) throw new Error(`segment ${segment} is gone`)
    readWhole(found.fd, target, offset, length, at)
  }

  remove(number: number): void {
    const segment = this.segments.get(number)
    if (segment === undefined || segment === this.current) return
    this.segments.delete(number)
    removeSegment(segment)
  }

  private room(size: number): Segment {
    if (this.current !== undefined && this.at + size <= this.current.sizeBytes) return this.current
    const { folder, segmentBytes, create = createSegment } = this.options
    const number = Math.max(0, ...this.segments.keys()) + 1
    try {
      this.current = this.spare?.take(number, size) ?? create(folder, number, Math.max(segmentBytes, size))
    } catch (error) {
      throw new CommitRefused(`the disk has no room for the log: ${(error as Error).message}`)
    }
    this.segments.set(number, this.current)
    this.at = 0
    return this.current
  }

  private scan(segment: Segment, found: (frame: Frame, place: Place) => void) {
    const content = Buffer.allocUnsafe(segment.sizeBytes)
    readWhole(segment.fd, content, 0, content.length, 0)
    let end = 0
    let frames = 0
    for (let frame = nextFrame(content, end); frame !== undefined; frame = nextFrame(content, end)) {
      found(frame, { segment: segment.number, at: end + frameHeaderBytes })
      end += frameHeaderBytes + frame.payload.length
      frames++
    }
    return { frames, end, clean: isZero(content.subarray(end)) }
  }

  /** So that no remains of a torn commit are ever taken for frames that follow later ones. */
  private cut(): void {
    if (this.current === undefined) return
    writeZeros(this.current.fd, this.at, this.current.sizeBytes)
    this.sync(this.current.fd)
  }
}

function nextFrame(content: Buffer, at: number): Frame | undefined {
  const frame = readFrame(content, at)
  if (frame === undefined || frame.kind === 'fact') return frame
  try {
    return batchAt(frame.payload, 0)?.sizeBytes === frame.payload.length ? frame : undefined
  } catch {
    return undefined
  }
}

function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const piece = bytes.subarray(at, at + zeros.length)
    if (!piece.equals(zeros.subarray(0, piece.length))) return false
  }
  return true
}
