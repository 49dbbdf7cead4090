import { ApiError, badRequestDetail, type CallContext } from '@tern/rpc'
import { Refusal } from '../../core/api/refusal.ts'

/** A handler whose refusals are answers. */
export const answering =
  <In, Out>(handle: (request: In, context: CallContext) => Promise<Out>) =>
  async (request: In, context: CallContext): Promise<Out> => {
    try {
      return await handle(request, context)
    } catch (error) {
      throw asAnswer(error)
    }
  }

/** Likewise, of a stream of answers. */
export const streaming = <In, Out>(handle: (request: In, context: CallContext) => AsyncIterable<Out>) =>
  async function* (request: In, context: CallContext): AsyncGenerator<Out> {
    try {
      yield* handle(request, context)
    } catch (error) {
      throw asAnswer(error)
    }
  }

/** A refusal as its caller is told it; anything else as it is. */
export function asAnswer(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error
  const { code, reason, message, detail } = error
  const { field, metadata, retryAfterMs } = detail
  return new ApiError(code, reason, message, {
    ...(metadata && { metadata }),
    ...(field !== undefined && { details: [badRequestDetail([{ field, description: message }])] }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  })
}
