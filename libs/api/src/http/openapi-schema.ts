import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { commentsOf, pathTo } from './comments.ts'

export type Schema = { [key: string]: unknown }

const refTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

/** Types that protobuf's JSON writes in a way of their own. */
const wellKnown: Readonly<Record<string, Schema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$', examples: ['3.5s'] },
  'google.protobuf.FieldMask': { type: 'string' },
  'google.protobuf.Empty': { type: 'object' },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.Value': {},
  'google.protobuf.ListValue': { type: 'array', items: {} },
  'google.protobuf.Any': { type: 'object', properties: { '@type': { type: 'string' } }, additionalProperties: true },
}

/** Schemas of messages and enums, and of all that they are made of. */
export class SchemaSet {
  readonly schemas: Record<string, Schema> = {}

  of(type: DescMessage | DescEnum): Schema {
    const special = wellKnown[type.typeName]
    if (special !== undefined) return special
    if (this.schemas[type.typeName] === undefined) {
      // Before its fields are looked at: it may contain itself.
      this.schemas[type.typeName] = {}
      this.schemas[type.typeName] = type.kind === 'enum' ? enumSchema(type) : this.messageSchema(type)
    }
    return refTo(type.typeName)
  }

  private messageSchema(message: DescMessage): Schema {
    const path = pathOf(message)
    const comment = commentsOf(message.file.proto)
    const properties = message.fields.map((field, i) => {
      const only = field.oneof === undefined ? '' : `At most one of the fields of "${field.oneof.name}" is set.`
      const text = [comment([...path, pathTo.field, i]), only].filter((each) => each !== '').join('\n')
      return [field.jsonName, described(this.fieldSchema(field), text)]
    })
    const schema = { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
    return described(schema, comment(path))
  }

  private fieldSchema(field: DescField): Schema {
    switch (field.fieldKind) {
      case 'scalar':
        return scalarSchema(field.scalar)
      case 'enum':
        return this.of(field.enum)
      case 'message':
        return this.of(field.message)
      case 'list':
        return { type: 'array', items: this.valueSchema(field.listKind, field) }
      case 'map':
        return { type: 'object', additionalProperties: this.valueSchema(field.mapKind, field) }
    }
  }

  private valueSchema(
    kind: 'scalar' | 'enum' | 'message',
    field: Readonly<{
      scalar?: ScalarType | undefined
      enum?: DescEnum | undefined
      message?: DescMessage | undefined
    }>,
  ): Schema {
    if (kind === 'scalar') return scalarSchema(field.scalar as ScalarType)
    return this.of((kind === 'enum' ? field.enum : field.message) as DescEnum | DescMessage)
  }
}

/** Beside a reference, too: OpenAPI 3.1 lets it stand there. */
const described = (schema: Schema, description: string): Schema =>
  description === '' ? schema : { ...schema, description }

function enumSchema(type: DescEnum): Schema {
  const schema = { type: 'string', enum: type.values.map(({ name }) => name) }
  return described(schema, commentsOf(type.file.proto)(pathOf(type)))
}

function pathOf(type: DescMessage | DescEnum): number[] {
  const { parent, file } = type
  if (type.kind === 'enum') {
    if (parent === undefined) return [pathTo.enum, file.enums.indexOf(type)]
    return [...pathOf(parent), pathTo.nestedEnum, parent.nestedEnums.indexOf(type)]
  }
  if (parent === undefined) return [pathTo.message, file.messages.indexOf(type)]
  // Those of maps are left out of the descriptors, and counted by the paths.
  const index = parent.proto.nestedType.indexOf(type.proto)
  return [...pathOf(parent), pathTo.nestedMessage, index]
}

function scalarSchema(scalar: ScalarType): Schema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // NaN and the infinities are words.
      return { type: ['number', 'string'] }
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: 'string', format: 'int64', pattern: '^-?[0-9]+$' }
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: 'string', format: 'uint64', pattern: '^[0-9]+$' }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', minimum: 0, maximum: 4_294_967_295 }
    default:
      return { type: 'integer', format: 'int32' }
  }
}
