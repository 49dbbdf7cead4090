import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type {
  ListTopicChildrenResponseJson,
  SearchTopicsResponseJson,
  TopicNodeJson,
} from '../../gen/tern/v1/topics_pb.js'
import { bytes, count, short, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered, Empty, Partial } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { Heat } from './heat.tsx'

/** One level at a time, from the server: no topic is learnt by subscribing to everything. */
export function TopicsPage() {
  const [search, setSearch] = useSearchText()
  const path = search['path'] ?? ''
  const wanted = search['q'] ?? ''
  return (
    <Page title="Topics" note="What there is, and how busy each branch is">
      <div className="filters">
        <FilterInput
          label="A word of a topic"
          value={wanted}
          set={(q) => setSearch({ q })}
          placeholder="battery"
          grow
        />
        <label className="field">
          <span>Order</span>
          <select value={search['sort'] ?? ''} onChange={({ target }) => setSearch({ sort: target.value })}>
            <option value="">busiest first</option>
            <option value="bytes">most bytes first</option>
            <option value="name">by name</option>
          </select>
        </label>
      </div>
      {wanted === '' ? (
        <Level path={path} orderBy={search['sort'] ?? 'rate'} go={(to) => setSearch({ path: to }, false)} />
      ) : (
        <Found text={wanted} />
      )}
    </Page>
  )
}

function Level({ path, orderBy, go }: Readonly<{ path: string; orderBy: string; go(path: string): void }>) {
  const [size, setSize] = useState(100)
  const query = useCall<ListTopicChildrenResponseJson>(
    'TopicService/ListTopicChildren',
    { path, orderBy, pageSize: size },
    { every: 2_000 },
  )
  return (
    <>
      <Trail path={path} go={go} />
      <Answered query={query}>
        {({ children = [], totalSize, approximate = false, unreachableQueues, countedSince }) => (
          <>
            <Partial missing={unreachableQueues} />
            {children.length === 0 ? (
              <Empty
                title={path === '' ? 'Nothing has been published yet' : 'Nothing lies below it'}
                command="./tern pub demo/hello -m hi"
              />
            ) : (
              <>
                <Heat nodes={children} go={go} />
                <DataTable
                  name="Topics of this level"
                  rows={children}
                  columns={columnsOf(go)}
                  keyOf={({ path: own = '' }) => own}
                  open={(node) => (Number(node.children ?? 0) > 0 ? go(node.path ?? '') : undefined)}
                  foot={
                    <p className="row more muted small">
                      <span>
                        {approximate ? 'about ' : ''}
                        {count(Number(totalSize ?? children.length), 'branch').replace('branchs', 'branches')}
                        {countedSince === undefined ? null : (
                          <>
                            , counted since <Time at={countedSince} />
                          </>
                        )}
                      </span>
                      {Number(totalSize ?? 0) > children.length && size < 1_000 ? (
                        <button type="button" className="button small" onClick={() => setSize(1_000)}>
                          Show the first 1,000
                        </button>
                      ) : null}
                    </p>
                  }
                />
              </>
            )}
          </>
        )}
      </Answered>
    </>
  )
}

/** The levels above, each a step back. */
function Trail({ path, go }: Readonly<{ path: string; go(path: string): void }>) {
  const levels = path === '' ? [] : path.split('/')
  return (
    <nav aria-label="Levels" className="row">
      <button
        type="button"
        className="button small"
        aria-current={path === '' ? 'page' : undefined}
        onClick={() => go('')}
      >
        all topics
      </button>
      {levels.map((level, i) => {
        const to = levels.slice(0, i + 1).join('/')
        return (
          <button
            key={to}
            type="button"
            className="button small mono"
            aria-current={to === path ? 'page' : undefined}
            onClick={() => go(to)}
          >
            / {level === '' ? '(empty)' : level}
          </button>
        )
      })}
      {path === '' ? null : (
        <Link to="/messages" search={{ view: 'live', topic: `${path}/#` } as never}>
          Live tail of {path}/#
        </Link>
      )}
    </nav>
  )
}

const columnsOf = (go: (path: string) => void): readonly Column<TopicNodeJson>[] => [
  {
    title: 'Level',
    cell: ({ name = '', path = '', children, isTopic }) =>
      Number(children ?? 0) > 0 ? (
        <button type="button" className="link mono" onClick={() => go(path)}>
          {name === '' ? '(empty)' : name} <span className="muted">/ {short(Number(children))}</span>
        </button>
      ) : isTopic ? (
        <TopicLink topic={path} name={name} />
      ) : (
        name
      ),
  },
  { title: 'Topic', cell: ({ isTopic, path = '' }) => (isTopic ? <TopicLink topic={path} name="open" /> : null) },
  { title: 'Retained', cell: ({ retained }) => (retained ? <span className="tag accent">retained</span> : null) },
  { title: 'Messages', number: true, cell: ({ messagesPerSecond }) => `${short(Number(messagesPerSecond ?? 0))}/s` },
  { title: 'Bytes', number: true, cell: ({ bytesPerSecond }) => `${bytes(Number(bytesPerSecond ?? 0))}/s` },
  { title: 'Counted', number: true, cell: ({ messages }) => whole(Number(messages ?? 0)) },
  { title: 'Last', cell: ({ lastPublish }) => <Time at={lastPublish} /> },
]

const TopicLink = ({ topic, name }: Readonly<{ topic: string; name: string }>) => (
  <Link to="/topics/$topic" params={{ topic } as never} className="mono">
    {name === '' ? '(empty)' : name}
  </Link>
)

const foundColumns: readonly Column<TopicNodeJson>[] = [
  { title: 'Topic', cell: ({ path = '' }) => <TopicLink topic={path} name={path} /> },
  { title: 'Messages', number: true, cell: ({ messagesPerSecond }) => `${short(Number(messagesPerSecond ?? 0))}/s` },
  { title: 'Last', cell: ({ lastPublish }) => <Time at={lastPublish} /> },
]

function Found({ text }: Readonly<{ text: string }>) {
  const query = useCall<SearchTopicsResponseJson>('TopicService/SearchTopics', { text, pageSize: 200 })
  return (
    <Answered query={query}>
      {({ topics = [], more = false }) =>
        topics.length === 0 ? (
          <Empty title={`No topic holds "${text}"`} />
        ) : (
          <DataTable
            name="Topics found"
            rows={topics}
            columns={foundColumns}
            keyOf={({ path = '' }) => path}
            foot={
              <p className="more muted small">
                {more ? `the first ${topics.length}; more match` : count(topics.length, 'topic')}
              </p>
            }
          />
        )
      }
    </Answered>
  )
}
