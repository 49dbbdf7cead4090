import { log } from '@tern/proto'
import { withViews } from '@tern/rpc'

/** The service as both sides use it: what carries batches is not copied once more. */
export const logService = withViews(log.LogServiceService, {
  append: [log.AppendRequest, log.AppendResponse],
  read: [log.ReadRequest, log.ReadResponse],
  tail: [log.TailRequest, log.TailResponse],
})

/** ts-proto gives views as Uint8Array; this is the same memory as a Buffer. */
export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
