import type { DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { Contracts } from '../contracts.ts'
import { commentsOf, pathTo } from './comments.ts'
import { type Schema, SchemaSet } from './openapi-schema.ts'

/** The calls of the services that can be made by HTTP, as OpenAPI 3.1; all of it is read from the contracts. */
export function openApi(contracts: Contracts, services: readonly string[], version: string): Schema {
  const schemas = new SchemaSet()
  const paths: Record<string, Schema> = {}
  const tags: Schema[] = []
  for (const name of services) {
    const service = contracts.registry.getService(name)
    if (service === undefined) continue
    const index = service.file.services.indexOf(service)
    const comment = commentsOf(service.file.proto)
    tags.push({ name: service.name, description: comment([pathTo.service, index]) })
    service.methods.forEach((method, i) => {
      if (method.methodKind !== 'unary' && method.methodKind !== 'server_streaming') return
      const description = comment([pathTo.service, index, pathTo.method, i])
      paths[`/${service.typeName}/${method.name}`] = pathItem(method, description, schemas)
    })
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'TernMQ',
      version,
      description:
        'Every call takes POST with a message in JSON (or application/proto); those that only read take GET with ?message= too. ' +
        'Streams come as server-sent events. The same calls are served by gRPC on the same port.',
    },
    paths,
    tags,
    components: { schemas: { ...schemas.schemas, Error: errorSchema } },
  }
}

function pathItem(method: DescMethod, description: string, schemas: SchemaSet): Schema {
  const streams = method.methodKind === 'server_streaming'
  const type = streams ? 'text/event-stream' : 'application/json'
  const what = streams ? 'Events; the data of each is a message of this form' : 'The answer'
  const operation = {
    operationId: `${method.parent.name}_${method.name}`,
    tags: [method.parent.name],
    ...(description !== '' && { description }),
    responses: {
      200: { description: what, content: { [type]: { schema: schemas.of(method.output) } } },
      default: {
        description: 'Any other answer; docs/errors.md has the reasons',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
  const input = { 'application/json': { schema: schemas.of(method.input) } }
  const post = { ...operation, requestBody: { required: true, content: input } }
  if (method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) return { post }
  const message = { name: 'message', in: 'query', description: 'The request in JSON', content: input }
  return { post, get: { ...operation, operationId: `${operation.operationId}_get`, parameters: [message] } }
}

const errorSchema: Schema = {
  type: 'object',
  required: ['code'],
  properties: {
    code: { type: 'string', examples: ['invalid_argument'] },
    message: { type: 'string' },
    details: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'value'],
        properties: {
          type: { type: 'string', examples: ['google.rpc.ErrorInfo'] },
          value: { type: 'string', contentEncoding: 'base64' },
          debug: { type: 'object', description: 'The same in JSON' },
        },
      },
    },
  },
}
