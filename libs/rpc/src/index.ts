export { connectClient } from './client.ts'
export { type ApiChannel, type ChannelOptions, openChannel } from './connect/api-channel.ts'
export {
  type ApiClient,
  type ApiStream,
  type CallSettings,
  connectApi,
  type ResponseStream,
} from './connect/api-client.ts'
export {
  ApiError,
  type ApiErrorOptions,
  asApiError,
  badRequestDetail,
  codeOf,
  type ErrorDetail,
  statusOf,
} from './public/api-error.ts'
export { Budget } from './public/budget.ts'
export { cappedMs, checkMetadata, headerOf, requestIdOf } from './public/call-headers.ts'
export { beginCall, type CallLife, callerGone, unlessAborted, untilAborted } from './public/call-life.ts'
export { decodeRequest } from './public/grpc-requests.ts'
export { type PublicLimits, publicLimits } from './public/limits.ts'
export { tooLarge } from './public/message-reader.ts'
export { type PublicServer, type PublicServerOptions, startPublicServer } from './public/public-server.ts'
export {
  type CallContext,
  type Handlers,
  type ObserveCall,
  type PublicMethod,
  type PublicService,
  publicService,
} from './public/service.ts'
export { unpack } from './public/unpack.ts'
export type { RpcService } from './rpc-service.ts'
export { type RpcServer, startServer } from './server.ts'
export { acceptStream } from './stream.ts'
export { type RpcStatus, rpcError, unaryCall, unaryHandler } from './unary.ts'
export { type Codecs, withViews } from './views.ts'
export { type Watch, watchStream } from './watch.ts'
export { dialStream } from './wire/dial.ts'
