import type { ErrorCode, FieldError, Problem } from "./types.ts";

/** The server refused, and said why. */
export class ChatError extends Error {
  override readonly name = "ChatError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly requestId: string;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
  /** Which fields are wrong; only with `validation_failed`. */
  readonly fields: readonly FieldError[];
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number;

  constructor(
    readonly problem: Problem,
    retryAfterMs = 0,
  ) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.retriable = problem.retriable;
    this.fields = problem.errors ?? [];
    this.retryAfterMs = Math.max(retryAfterMs, (problem.retryAfterSeconds ?? 0) * 1000);
  }
}

/** There was no answer, or none that the server can have meant: a proxy's page, half a body. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

/** Nobody is signed in any more, or somebody else is. */
export class SignedOutError extends Error {
  override readonly name = "SignedOutError";

  constructor() {
    super("The session has ended.");
  }
}

/** Whether the same request may succeed later. */
export function isRetriable(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof ChatError && error.retriable);
}

/** Whether there is no such thing, or the caller may not see it. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ChatError && error.status === 404;
}

/** How long the server asks to be left alone. */
export function retryAfterMs(error: unknown): number {
  return error instanceof ChatError ? error.retryAfterMs : 0;
}
