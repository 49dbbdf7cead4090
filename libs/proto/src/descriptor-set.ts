import { descriptorSetBase64 } from './gen/descriptor-set.ts'

/** All contracts as an encoded google.protobuf.FileDescriptorSet, with their comments; each file after those that it imports. */
export const descriptorSet = (): Uint8Array => Buffer.from(descriptorSetBase64, 'base64')
