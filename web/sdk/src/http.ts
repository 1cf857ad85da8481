import type { Environment } from "./environment.ts";
import { ChatError, NetworkError } from "./errors.ts";
import type { ErrorCode, Problem } from "./types.ts";

/** A request to the REST interface; the path is relative to `/api/v1`. */
export interface Request {
  method: string;
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** After this long the answer is given up. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
/** What a refusal without a body means. */
const BARE: Record<number, ErrorCode> = { 401: "token_expired", 404: "not_found" };

/** Sends a request and reads its answer; anything but an answer of the server's own is a {@link NetworkError}. */
export async function send<T>(env: Environment, base: string, request: Request, token?: string): Promise<T> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  if (request.body !== undefined) headers["Content-Type"] = "application/json";

  const init: RequestInit = {
    method: request.method,
    headers,
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
  };
  // It goes on when the page is closed: whoever deletes something and leaves has deleted it, if there is a network.
  if (request.method === "DELETE") init.keepalive = true;
  if (request.body !== undefined) init.body = JSON.stringify(request.body);
  return read(() => env.fetch(`${base}/api/v1${request.path}${query.size > 0 ? `?${query}` : ""}`, init));
}

/** Reads what a request is answered with. */
export async function read<T>(request: () => Promise<Response>): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await request();
    text = await response.text();
  } catch (cause) {
    throw new NetworkError("The server cannot be reached.", { cause });
  }

  if (response.ok) return (text === "" ? undefined : parse(text, response)) as T;
  // An answer to HEAD has nothing to read.
  const code = text === "" ? BARE[response.status] : undefined;
  const problem = (code === undefined ? parse(text, response) : { code, status: response.status }) as Partial<Problem> | null;
  if (typeof problem?.code !== "string") throw unintelligible(response);
  throw new ChatError(problem as Problem, retryAfter(response));
}

function parse(text: string, response: Response): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unintelligible(response);
  }
}

function unintelligible(response: Response): NetworkError {
  return new NetworkError(`Something between here and the server answered ${response.status}.`);
}

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}
