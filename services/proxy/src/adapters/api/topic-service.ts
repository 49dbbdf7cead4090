import { topics } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { answering } from './answers.ts'
import type { Looking } from './call.ts'
import { getTopic, listTopicChildren, searchTopics, type TopicSurroundings } from './topics.ts'

/** What topics there are and how busy. */
export function topicService(looking: Looking, surroundings: TopicSurroundings): PublicService {
  return publicService(topics.TopicServiceService, {
    listTopicChildren: answering((request, call) => listTopicChildren(request, looking, call)),
    searchTopics: answering((request, call) => searchTopics(request, looking, call)),
    getTopic: answering((request, call) => getTopic(request, looking, call, surroundings)),
  })
}
