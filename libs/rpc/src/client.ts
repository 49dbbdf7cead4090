import { Client, credentials } from '@grpc/grpc-js'
import { transportOptions } from './options.ts'

/** One HTTP/2 connection to host:port, opened when first used. Close it when done. */
export function connectClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), transportOptions)
}
