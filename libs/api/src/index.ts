export { apiError, type ErrorOptions } from './api-error.ts'
export { type ApiListener, type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts'
export { type PageTokens, pageTokens } from './page-tokens.ts'
export { errorsPage, type ReasonName } from './reasons.ts'
