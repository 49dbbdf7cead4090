import { deliveriesOf } from './deliveries.ts'
import { deliverySpans } from './delivery-spans.ts'
import { publishSpans } from './publish-spans.ts'
import type { RenderedSpan } from './rendered-span.ts'
import type { Story } from './story.ts'

/** The spans of a message: parents before children. */
export const spansOf = (story: Story): RenderedSpan[] => [
  ...publishSpans(story),
  ...deliveriesOf(story).flatMap((delivery) => deliverySpans(story, delivery)),
]
