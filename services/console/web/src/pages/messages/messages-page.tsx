import { useState } from 'react'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import { useSearchText } from '../../lib/use-search.ts'
import { FilterInput } from '../../parts/filter-input.tsx'
import { Page } from '../../parts/page.tsx'
import { LiveTail } from './live-tail.tsx'
import { MessageDrawer } from './message-drawer.tsx'
import { MessageQuery } from './message-query.tsx'
import { ResendButton } from './resend.tsx'

/** Look back by a query, or watch what comes. */
export function MessagesPage() {
  const [search, setSearch] = useSearchText()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const live = search['view'] === 'live'
  const open = (message: MessageJson) => setSearch({ message: message.messageId ?? '' })
  return (
    <Page
      title="Messages"
      note={live ? 'What comes, as it comes' : 'What is stored, by topic, time, publisher, property or content'}
      actions={<ResendButton ids={[...selected]} />}
    >
      <div className="spread">
        <fieldset className="chips" aria-label="View">
          <button type="button" className="button" aria-pressed={!live} onClick={() => setSearch({ view: '' })}>
            Query
          </button>
          <button type="button" className="button" aria-pressed={live} onClick={() => setSearch({ view: 'live' })}>
            Live tail
          </button>
        </fieldset>
      </div>
      <div className="filters">
        <FilterInput
          label="Topic or filter"
          value={search['topic'] ?? ''}
          set={(topic) => setSearch(/^\d+-\d+$/.test(topic) ? { message: topic } : { topic })}
          placeholder="fleet/+/gps, or a message id"
          grow
        />
        <FilterInput
          label="Publisher (client id)"
          value={search['publisher'] ?? ''}
          set={(publisher) => setSearch({ publisher })}
        />
        <FilterInput
          label="User property, name=value"
          value={search['property'] ?? ''}
          set={(property) => setSearch({ property })}
        />
        {live ? null : <MoreFilters search={search} setSearch={setSearch} />}
      </div>
      {search['message'] ? <MessageDrawer id={search['message']} close={() => setSearch({ message: '' })} /> : null}
      {live ? (
        <LiveTail search={search} open={open} />
      ) : (
        <MessageQuery
          search={search}
          setSearch={setSearch}
          open={open}
          selection={{ keys: selected, set: setSelected }}
        />
      )}
    </Page>
  )
}

type FilterProps = Readonly<{
  search: Readonly<Record<string, string>>
  setSearch: (change: Record<string, string>) => void
}>

function MoreFilters({ search, setSearch }: FilterProps) {
  return (
    <>
      <FilterInput
        label="Payload contains"
        value={search['contains'] ?? ''}
        set={(contains) => setSearch({ contains })}
      />
      <FilterInput
        label="From"
        value={search['from'] ?? ''}
        set={(from) => setSearch({ from })}
        placeholder="15 min, or 2026-11-22T14:02:11.118Z"
      />
      <FilterInput label="To" value={search['to'] ?? ''} set={(to) => setSearch({ to })} placeholder="now" />
      <label className="field">
        <span>Order</span>
        <select value={search['order'] ?? ''} onChange={({ target }) => setSearch({ order: target.value })}>
          <option value="">newest first</option>
          <option value="oldest">oldest first</option>
        </select>
      </label>
    </>
  )
}
