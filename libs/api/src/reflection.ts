import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { reflection, reflectionAlpha } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { type Contracts, fileBytes } from './contracts.ts'

type Request = reflection.ServerReflectionRequest
type Response = reflection.ServerReflectionResponse
type Answer = NonNullable<Response['messageResponse']>

const notFound = 5
const unimplemented = 12

/**
 * What `buf curl`, `grpcurl` and others ask a server for instead of its contracts. Files go as they were compiled, each with all
 * that it imports: a client need not ask again.
 */
export function reflectionServices(contracts: Contracts, served: readonly string[]): PublicService[] {
  async function* serverReflectionInfo(requests: AsyncIterable<Request>): AsyncGenerator<Response> {
    for await (const request of requests) {
      const { host } = request
      yield { validHost: host, originalRequest: request, messageResponse: answerTo(request, contracts, served) }
    }
  }
  return [
    publicService(reflection.ServerReflectionService, { serverReflectionInfo }),
    publicService(reflectionAlpha.ServerReflectionService, { serverReflectionInfo }),
  ]
}

function answerTo({ messageRequest }: Request, contracts: Contracts, served: readonly string[]): Answer {
  switch (messageRequest?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: served.map((name) => ({ name })) } }
    case 'fileByFilename':
      return filesFrom(contracts, messageRequest.value, messageRequest.value)
    case 'fileContainingSymbol':
      return filesFrom(contracts, fileOf(contracts, messageRequest.value), messageRequest.value)
    case 'allExtensionNumbersOfType': {
      const baseTypeName = messageRequest.value
      return contracts.registry.getMessage(baseTypeName) === undefined
        ? refusal(notFound, `there is no message ${baseTypeName}`)
        : { $case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber: [] } }
    }
    case 'fileContainingExtension':
      return refusal(notFound, 'there are no extensions here')
    case undefined:
      return refusal(unimplemented, 'ask for a service, a file or a symbol')
  }
}

/** A symbol is a type or a service, or something in one: a method, a field. */
function fileOf({ registry }: Contracts, symbol: string): string {
  const found = registry.get(symbol) ?? registry.get(symbol.slice(0, symbol.lastIndexOf('.')))
  return found?.file.proto.name ?? ''
}

function filesFrom({ files }: Contracts, name: string, asked: string): Answer {
  const found = new Map<string, FileDescriptorProto>()
  const add = (each: string) => {
    const file = files.get(each)
    if (file === undefined || found.has(each)) return
    found.set(each, file)
    for (const imported of file.dependency) add(imported)
  }
  add(name)
  if (found.size === 0) return refusal(notFound, `there is no ${asked.slice(0, 200)} here`)
  const fileDescriptorProto = [...found.values()].map((file) => Buffer.from(fileBytes(file)))
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } }
}

const refusal = (errorCode: number, errorMessage: string): Answer => ({
  $case: 'errorResponse',
  value: { errorCode, errorMessage },
})
