import type { Environment } from "./environment.ts";
import { ChatError } from "./errors.ts";
import { send, type Request } from "./http.ts";
import type { Identity } from "./identity.ts";
import type { Conversation, CreateConversation, Event, Message, Page, ReadState, Ticket, User } from "./types.ts";

/** As many entries as a page may have, and the same for the events of a log. */
const PAGE = 100;
const EVENTS_PAGE = 1_000;
const MESSAGES_PAGE = 50;

/** The REST interface for somebody who is signed in. */
export class Server {
  constructor(
    private readonly env: Environment,
    readonly base: string,
    private readonly identity: Identity,
  ) {}

  me(): Promise<User> {
    return this.#request({ method: "GET", path: "/users/me" });
  }

  conversations(cursor?: string): Promise<Page<Conversation>> {
    return this.#request({ method: "GET", path: "/conversations", query: { limit: PAGE, cursor } });
  }

  conversation(id: string): Promise<Conversation> {
    return this.#request({ method: "GET", path: `/conversations/${encodeURIComponent(id)}` });
  }

  /** The direct conversation with somebody, which is created if there is none. */
  conversationWith(username: string): Promise<Conversation> {
    return this.#request({ method: "GET", path: `/conversations/with/${encodeURIComponent(username)}` });
  }

  createConversation(body: CreateConversation): Promise<Conversation> {
    return this.#request({ method: "POST", path: "/conversations", body });
  }

  /** A page of messages in the order of the log: the newest, or those next to a message. */
  messages(conversationId: string, next: { before?: string; after?: string } = {}): Promise<Page<Message>> {
    const path = `/conversations/${encodeURIComponent(conversationId)}/messages`;
    return this.#request({ method: "GET", path, query: { limit: MESSAGES_PAGE, ...next } });
  }

  /** The events of a log behind a position. */
  events(conversationId: string, after: number): Promise<Page<Event>> {
    const path = `/conversations/${encodeURIComponent(conversationId)}/events`;
    return this.#request({ method: "GET", path, query: { after, limit: EVENTS_PAGE } });
  }

  /** Everything up to a position was read. */
  read(conversationId: string, seq: number): Promise<ReadState> {
    const path = `/conversations/${encodeURIComponent(conversationId)}/read`;
    return this.#request({ method: "POST", path, body: { seq } });
  }

  /** Opens one socket, in the name of whoever the token names. */
  ticket(): Promise<{ ticket: string; token: string }> {
    return this.#authorized(async (token) => {
      const request: Request = { method: "POST", path: "/auth/ticket" };
      const { ticket } = await send<Ticket>(this.env, this.base, request, token);
      return { ticket, token };
    });
  }

  #request<T>(request: Request): Promise<T> {
    return this.#authorized((token) => send<T>(this.env, this.base, request, token));
  }

  /** Does something with a token, and once more with the next one if this one is refused. */
  async #authorized<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = await this.identity.token();
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 401) throw error;
      return await work(await this.identity.token(token));
    }
  }
}
