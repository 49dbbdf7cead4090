import { type FormEvent, useEffect, useState } from 'react'
import { login, type SessionView } from '../lib/api.ts'

export function LoginPage({ environment, done }: Readonly<{ environment: string; done(session: SessionView): void }>) {
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    document.title = 'Log in · TernMQ'
  }, [])
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    login(String(form.get('user')), String(form.get('password')))
      .then(done, (reason: Error) => setError(reason.message))
      .finally(() => setBusy(false))
  }
  return (
    <div className="login">
      <form className="card stack" onSubmit={submit}>
        <div className="row">
          <img src="/favicon.svg" alt="" width="34" height="34" />
          <h1>TernMQ</h1>
          <span className={`environment ${environment}`}>{environment}</span>
        </div>
        <label className="field">
          <span>User</span>
          <input name="user" autoComplete="username" defaultValue="admin" required />
        </label>
        <label className="field">
          <span>Password</span>
          {/* biome-ignore lint/a11y/noAutofocus: nothing else can be done on this page. */}
          <input name="password" type="password" autoComplete="current-password" required autoFocus />
        </label>
        {error === '' ? null : (
          <p className="note bad" role="alert">
            {error}
          </p>
        )}
        <button className="button primary" type="submit" disabled={busy}>
          Log in
        </button>
        <p className="muted small">
          The first start made a password: it is in <code>admin.txt</code> of the data folder (<code>.tern</code> for a
          region of <code>npm start</code>).
        </p>
      </form>
    </div>
  )
}
