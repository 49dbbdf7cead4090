import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { reflection, reflectionAlpha } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { expect, onTestFinished, test } from 'vitest'
import { serveApi } from './testing/serve-api.ts'

type Question = NonNullable<reflection.ServerReflectionRequest['messageRequest']>

async function asked(messageRequest: Question) {
  const { address } = await serveApi({})
  const client = connectApi(address, reflection.ServerReflectionService)
  onTestFinished(() => client.close())
  const call = client.serverReflectionInfo()
  await call.send({ host: 'h', messageRequest })
  const next = await call[Symbol.asyncIterator]().next()
  return next.value as reflection.ServerReflectionResponse
}

async function filesOf(question: Question): Promise<string[]> {
  const { messageResponse } = await asked(question)
  if (messageResponse?.$case !== 'fileDescriptorResponse') throw new Error(JSON.stringify(messageResponse))
  return messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
}

test.each([
  'tern.v1.MessagingService',
  'tern.v1.MessagingService.Publish',
  'tern.v1.PublishRequest',
  'tern.v1.PublishRequest.messages',
  'tern.v1.SubscribeRequest.Open',
])('the file of %s comes with all that it imports', async (symbol) => {
  const files = await filesOf({ $case: 'fileContainingSymbol', value: symbol })
  expect(files[0]).toBe('tern/v1/messaging.proto')
  expect(files).toEqual(
    expect.arrayContaining(['tern/v1/message.proto', 'google/rpc/status.proto', 'google/protobuf/any.proto']),
  )
})

test('a file is found by its name, and the details of errors by theirs', async () => {
  expect(await filesOf({ $case: 'fileByFilename', value: 'tern/v1/message.proto' })).toContain('tern/v1/message.proto')
  const details = { $case: 'fileContainingSymbol', value: 'google.rpc.ErrorInfo' } as const
  expect(await filesOf(details)).toContain('google/rpc/error_details.proto')
})

test.each<Question>([
  { $case: 'fileContainingSymbol', value: 'tern.v1.Nothing' },
  { $case: 'fileContainingSymbol', value: '' },
  { $case: 'fileContainingSymbol', value: '.'.repeat(10_000) },
  { $case: 'fileByFilename', value: '../../etc/passwd' },
  { $case: 'fileByFilename', value: '__proto__' },
  { $case: 'fileContainingExtension', value: { containingType: 'tern.v1.Message', extensionNumber: 1 } },
])('what is not there is answered with NOT_FOUND: $value', async (question) => {
  const { messageResponse } = await asked(question)
  expect(messageResponse).toMatchObject({ $case: 'errorResponse', value: { errorCode: 5 } })
})

test('the services that are served are listed, by both versions', async () => {
  const { messageResponse } = await asked({ $case: 'listServices', value: '' })
  if (messageResponse?.$case !== 'listServicesResponse') throw new Error('no list')
  const names = messageResponse.value.service.map(({ name }) => name)
  expect(names).toEqual([
    ...['tern.v1.ClusterService', 'tern.v1.MessagingService', 'grpc.health.v1.Health'],
    ...['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'],
  ])
  const { address } = await serveApi({})
  const client = connectApi(address, reflectionAlpha.ServerReflectionService)
  onTestFinished(() => client.close())
  const call = client.serverReflectionInfo()
  await call.send({ host: '', messageRequest: { $case: 'listServices', value: '' } })
  expect((await call[Symbol.asyncIterator]().next()).value.messageResponse.$case).toBe('listServicesResponse')
})
