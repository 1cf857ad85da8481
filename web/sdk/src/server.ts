import type { Environment } from "./environment.ts";
import { ChatError } from "./errors.ts";
import type { Place } from "./feed.ts";
import { send, type Request } from "./http.ts";
import type { Identity } from "./identity.ts";
import type { Conversation, Endpoints, Event, Message, Page, ReadState, Ticket } from "./types.ts";

type Values = Record<string, string | number | boolean | undefined>;

/** What an endpoint takes, which may be nothing. */
export type Parts<E extends keyof Endpoints> =
  Record<never, never> extends Omit<Endpoints[E], "answer">
    ? [parts?: Omit<Endpoints[E], "answer">]
    : [parts: Omit<Endpoints[E], "answer">];

/** As many entries as a page of a log may have. */
const EVENTS_PAGE = 1_000;
const MESSAGES_PAGE = 50;

/** The REST interface for somebody who is signed in. */
export class Server {
  constructor(
    private readonly env: Environment,
    readonly base: string,
    private readonly identity: Identity,
  ) {}

  conversation(id: string): Promise<Conversation> {
    return this.call("GET /conversations/{id}", { path: { id } });
  }

  /** A page of messages in the order of the log, of a conversation or of one of its threads. */
  messages(id: string, place: Place = "end", threadId?: string): Promise<Page<Message>> {
    const query = { limit: MESSAGES_PAGE, ...(place !== "end" && place), ...(threadId !== undefined && { threadId }) };
    return this.call("GET /conversations/{id}/messages", { path: { id }, query });
  }

  /** The events of a log behind a position. */
  events(id: string, after: number): Promise<Page<Event>> {
    return this.call("GET /conversations/{id}/events", { path: { id }, query: { after, limit: EVENTS_PAGE } });
  }

  /** Everything up to a position was read. */
  read(id: string, seq: number): Promise<ReadState> {
    return this.call("POST /conversations/{id}/read", { path: { id }, body: { seq } });
  }

  /** Anything that the REST interface answers, under its method and path. */
  call<E extends keyof Endpoints>(endpoint: E, ...[parts]: Parts<E>): Promise<Endpoints[E]["answer"]> {
    const { path = {}, query, body } = (parts ?? {}) as { path?: Values; query?: Values; body?: unknown };
    const [method = "", pattern = ""] = endpoint.split(" ");
    const filled = pattern.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(String(path[name])));
    const request: Request = { method, path: filled, ...(query && { query }), body };
    return this.authorized((token) => send(this.env, this.base, request, token));
  }

  /** Opens one socket, in the name of whoever the token names. */
  ticket(): Promise<{ ticket: string; token: string }> {
    return this.authorized(async (token) => {
      const request: Request = { method: "POST", path: "/auth/ticket" };
      const { ticket } = await send<Ticket>(this.env, this.base, request, token);
      return { ticket, token };
    });
  }

  /** Does something with a token, and once more with the next one if this one is refused. */
  async authorized<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = await this.identity.token();
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 401) throw error;
      return await work(await this.identity.token(token));
    }
  }
}
