import type { ReactNode } from 'react'
import { ApiError } from '../lib/api.ts'
import { CopyButton } from './copy-button.tsx'

/** Nothing is there: why, and what would change it. */
export function Empty({
  title,
  command,
  children,
}: Readonly<{ title: string; command?: string; children?: ReactNode }>) {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {command === undefined ? null : (
        <p className="row command">
          <code className="breakable">{command}</code>
          <CopyButton text={command} />
        </p>
      )}
      {children}
    </div>
  )
}

export const Loading = ({ what = 'Loading' }: Readonly<{ what?: string }>) => (
  <div className="state" role="status">
    <span className="spinner" aria-hidden="true" />
    <p className="muted">{what} …</p>
  </div>
)

/** What failed, why, and how to ask about it. `kept`: what is shown below is older. */
export function Failed({ error, retry, kept }: Readonly<{ error: Error; retry?: () => void; kept?: boolean }>) {
  const { code = '', reason = '', requestId = '' } = error instanceof ApiError ? error : {}
  const denied = code === 'permission_denied'
  return (
    <div className="note bad" role="alert">
      <div className="spread">
        <p>
          <strong>{denied ? 'Not allowed' : 'No answer'}:</strong> {error.message}
          {kept ? ' · what is shown is what came before' : ''}
        </p>
        {retry === undefined || denied ? null : (
          <button type="button" className="button small" onClick={retry}>
            Try again
          </button>
        )}
      </div>
      <p className="small row">
        {code === '' ? null : (
          <span>
            {code}
            {reason === '' ? '' : ` · ${reason}`}
          </span>
        )}
        {requestId === '' ? null : (
          <span>
            request <code>{requestId}</code> <CopyButton text={requestId} />
          </span>
        )}
      </p>
    </div>
  )
}

/** Parts of the region that gave no answer, so that nobody takes what is shown for everything. */
export function Partial({ missing }: Readonly<{ missing: readonly (string | number)[] | undefined }>) {
  if (missing === undefined || missing.length === 0) return null
  const names = missing.map((each) => (typeof each === 'number' ? `queue ${each}` : each)).join(', ')
  return (
    <p className="note warn" role="status">
      <strong>Not everything is shown:</strong> {names} did not answer.
    </p>
  )
}

type AnswerProps<Answer> = Readonly<{
  query: Readonly<{ data: Answer | undefined; error: Error | null; refetch(): unknown; isPlaceholderData?: boolean }>
  children(answer: Answer): ReactNode
}>

/** An answer in whichever state it is; what came before stays, greyed, when the next one fails. */
export function Answered<Answer>({
  query: { data, error, refetch, isPlaceholderData },
  children,
}: AnswerProps<Answer>) {
  if (data === undefined) return error === null ? <Loading /> : <Failed error={error} retry={() => void refetch()} />
  return (
    <>
      {error === null ? null : <Failed error={error} retry={() => void refetch()} kept />}
      <div className={error !== null || isPlaceholderData ? 'stack stale' : 'stack'}>{children(data)}</div>
    </>
  )
}
