import type { ErrorCode, FieldError, Problem } from "../src/index.ts";

/** An answer of the REST interface. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** A request that is not carried out. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retriable = false,
    readonly retryAfterSeconds: number | null = null,
    readonly errors: FieldError[] = [],
  ) {
    super(code);
  }

  get problem(): Problem {
    const { status, code, retriable, retryAfterSeconds, errors } = this;
    const type = `/api/docs/errors/${code}`;
    const problem = { type, title: code, status, detail: code, code: code as ErrorCode, requestId: "r" };
    return { ...problem, retriable, retryAfterSeconds, errors };
  }
}
