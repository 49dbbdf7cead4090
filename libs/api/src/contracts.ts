import { createFileRegistry, type DescMethod, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { descriptorSet } from '@tern/proto'

/** What the contracts say of themselves. */
export type Contracts = Readonly<{
  registry: FileRegistry
  /** By name, "tern/v1/message.proto". */
  files: ReadonlyMap<string, FileDescriptorProto>
  /** By path, "/tern.v1.MessagingService/Publish". */
  methods: ReadonlyMap<string, DescMethod>
}>

let read: Contracts | undefined

/** Read when first asked for: a process that serves no API does without. */
export function contracts(): Contracts {
  read ??= readContracts(descriptorSet())
  return read
}

export function readContracts(bytes: Uint8Array): Contracts {
  const set = fromBinary(FileDescriptorSetSchema, bytes)
  const registry = createFileRegistry(set)
  const methods = new Map<string, DescMethod>()
  for (const each of registry) {
    if (each.kind !== 'service') continue
    for (const method of each.methods) methods.set(`/${each.typeName}/${method.name}`, method)
  }
  return { registry, files: new Map(set.file.map((file) => [file.name, file])), methods }
}

/** A file as reflection gives it: without its comments, which are most of it. */
export function fileBytes(file: FileDescriptorProto): Uint8Array {
  const { sourceCodeInfo: _, ...rest } = file
  return toBinary(FileDescriptorProtoSchema, rest as FileDescriptorProto)
}
