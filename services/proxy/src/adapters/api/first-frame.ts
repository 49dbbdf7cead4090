import { badField } from '../../core/api/refusal.ts'

/** Requests of a stream: frames of several kinds, of which the first one is an open. */
type Framed<Open> = Readonly<{
  frame?: Readonly<{ $case: 'open'; value: Open }> | Readonly<{ $case: string }> | undefined
}>

const isOpen = <Open>(frame: Framed<Open>['frame']): frame is Readonly<{ $case: 'open'; value: Open }> =>
  frame?.$case === 'open'

/** What a stream is opened with. Throws a Refusal when it begins with anything else, or with nothing. */
export async function openOf<Open>(frames: AsyncIterator<Framed<Open>>): Promise<Open> {
  const first = await frames.next()
  const frame = first.done ? undefined : first.value.frame
  if (isOpen<Open>(frame)) return frame.value
  throw badField('frame', 'STREAM_NOT_OPENED', 'of the first request is no open')
}
