import type { Session } from "./session.ts";
import type { Conversation, CreateConversation, Event, Message, Page } from "./types.ts";

/** As many entries as a page may have, and the same for the events of a log. */
const PAGE = 100;
const EVENTS_PAGE = 1_000;
const MESSAGES_PAGE = 50;

/** The REST interface for somebody who is signed in. */
export class Server {
  constructor(private readonly session: Session) {}

  conversations(cursor?: string): Promise<Page<Conversation>> {
    return this.session.request({ method: "GET", path: "/conversations", query: { limit: PAGE, cursor } });
  }

  conversation(id: string): Promise<Conversation> {
    return this.session.request({ method: "GET", path: `/conversations/${encodeURIComponent(id)}` });
  }

  createConversation(body: CreateConversation): Promise<Conversation> {
    return this.session.request({ method: "POST", path: "/conversations", body });
  }

  /** A page of messages in the order of the log: the newest, or those next to a message. */
  messages(conversationId: string, next: { before?: string; after?: string } = {}): Promise<Page<Message>> {
    const path = `/conversations/${encodeURIComponent(conversationId)}/messages`;
    return this.session.request({ method: "GET", path, query: { limit: MESSAGES_PAGE, ...next } });
  }

  /** The events of a log behind a position. */
  events(conversationId: string, after: number): Promise<Page<Event>> {
    const path = `/conversations/${encodeURIComponent(conversationId)}/events`;
    return this.session.request({ method: "GET", path, query: { after, limit: EVENTS_PAGE } });
  }
}
