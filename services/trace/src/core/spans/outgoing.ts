import type { otlpTrace } from '@tern/proto'
import type { ResourceSpans } from '../../ports.ts'
import { hexOf } from './hex.ts'
import { serviceOf } from './trace-view.ts'

/** Said of spans whose sender did not say which service it is. */
const unknownService = 'unknown_service'

/**
 * Spans as Grafana needs them. It reads resource, scope and status without asking whether they are there, drops a resource without
 * attributes, and shows a span twice that was sent twice.
 */
export function outgoing(resourceSpans: readonly ResourceSpans[]): ResourceSpans[] {
  const seen = new Set<string>()
  return resourceSpans.flatMap((each) => {
    const scopeSpans = each.scopeSpans.flatMap((ofScope) => {
      const spans = ofScope.spans.filter(({ spanId }) => firstOf(seen, hexOf(spanId))).map(withStatus)
      if (spans.length === 0) return []
      return [{ ...ofScope, scope: ofScope.scope ?? unnamedScope(), spans }]
    })
    return scopeSpans.length === 0 ? [] : [{ ...each, resource: namedResource(each), scopeSpans }]
  })
}

function firstOf(seen: Set<string>, id: string): boolean {
  if (seen.has(id)) return false
  seen.add(id)
  return true
}

const unnamedScope = () => ({ name: '', version: '', attributes: [], droppedAttributesCount: 0 })

const withStatus = (span: otlpTrace.Span): otlpTrace.Span =>
  span.status === undefined ? { ...span, status: { message: '', code: 0 } } : span

function namedResource({ resource }: ResourceSpans) {
  const attributes = resource?.attributes ?? []
  if (serviceOf(attributes) !== '') return resource
  const others = attributes.filter(({ key }) => key !== 'service.name')
  const name = { key: 'service.name', value: { value: { $case: 'stringValue' as const, value: unknownService } } }
  return { attributes: [name, ...others], droppedAttributesCount: resource?.droppedAttributesCount ?? 0 }
}
