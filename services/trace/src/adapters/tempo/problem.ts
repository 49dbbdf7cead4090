/** What Grafana shows its user: an HTTP status and words, as plain text. */
export class TempoProblem extends Error {
  readonly status: 400 | 404 | 405 | 429 | 500 | 501 | 503
  constructor(status: TempoProblem['status'], message: string) {
    super(message)
    this.status = status
  }
}
