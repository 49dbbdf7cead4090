import { topics } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import type { Looking } from './call.ts'
import { getTopic, listTopicChildren, searchTopics, type TopicSurroundings } from './topics.ts'

/** What topics there are and how busy. */
export function topicService(looking: Looking, surroundings: TopicSurroundings): PublicService {
  return publicService(topics.TopicServiceService, {
    listTopicChildren: (request, call) => listTopicChildren(request, looking, call),
    searchTopics: (request, call) => searchTopics(request, looking, call),
    getTopic: (request, call) => getTopic(request, looking, call, surroundings),
  })
}
