/** How to get the next page: there are no page numbers, since rows come and go. */
export function More({
  more,
  busy,
  load,
  shown,
}: Readonly<{ more: boolean; busy: boolean; load(): void; shown: string }>) {
  return (
    <p className="row more">
      <span className="muted small">{shown}</span>
      {more ? (
        <button type="button" className="button small" disabled={busy} onClick={load}>
          {busy ? 'Loading …' : 'Show more'}
        </button>
      ) : null}
    </p>
  )
}
