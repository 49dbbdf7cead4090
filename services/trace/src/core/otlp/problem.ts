/** Why a request is no OTLP: whoever sent it need not send it again. */
export class OtlpProblem extends Error {}
