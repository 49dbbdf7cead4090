import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/** The comments of a file by the path of what they stand above (descriptor.proto, SourceCodeInfo). */
export function commentsOf({ sourceCodeInfo }: FileDescriptorProto): (path: readonly number[]) => string {
  const comments = new Map<string, string>()
  for (const { path, leadingComments } of sourceCodeInfo?.location ?? []) {
    const text = leadingComments.replaceAll(/^ /gm, '').trim()
    if (text !== '') comments.set(path.join(), text)
  }
  return (path) => comments.get(path.join()) ?? ''
}

/** Numbers of fields in descriptor.proto, of which the paths are made. */
export const pathTo = { message: 4, enum: 5, service: 6, nestedMessage: 3, nestedEnum: 4, field: 2, method: 2 } as const
