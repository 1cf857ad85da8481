import type { Outgoing, OutgoingFile } from "./outgoing.ts";
import type { ErrorCode, Message, Schemas, UserSummary } from "./types.ts";

/** One message in a conversation, on the server or on its way there. */
export interface TimelineItem {
  /** The same from the moment a message is written, so that a list does not rebuild its row when it is sent. */
  readonly key: string;
  readonly sender: UserSummary;
  readonly kind: Message["kind"];
  readonly content: string;
  readonly replyTo: string | null;
  readonly threadId: string | null;
  /** Files that the server has. */
  readonly attachments: readonly Schemas["File"][];
  /** Files that are still to be uploaded; none once it is sent. */
  readonly files: readonly OutgoingFile[];
  readonly createdAt: string;
  readonly status: "queued" | "sent" | "failed";
  /** Why it failed. */
  readonly failure?: string;
  /** The same for programs, if it was the server that refused. */
  readonly failureCode?: ErrorCode;
  /** As the server has it. */
  readonly message?: Message;
}

/** More messages than this are not kept; the far end is fetched again when somebody scrolls there. */
export const WINDOW_MESSAGES_MAX = 600;
/** New messages that are kept while the window is elsewhere, to join it to them when it comes back. */
const LATE_MESSAGES_MAX = 100;

/**
 * The messages of one conversation that are at hand: a stretch of its history without holes, bounded in length, which
 * grows at the end that is read and is cut at the other.
 */
export class Stretch {
  #messages: readonly Message[] = [];
  /** Position of the newest message of the conversation, inside the stretch or behind it. */
  #newest = 0;
  /** The newest messages while they are behind the stretch, and the position from which on none of them is missing. */
  #late: Message[] = [];
  #lateFrom = 0;
  hasOlder = false;

  get messages(): readonly Message[] {
    return this.#messages;
  }

  get newest(): number {
    return this.#newest;
  }

  /** Whether there are messages behind the stretch. */
  get hasNewer(): boolean {
    return this.#newest > this.#last;
  }

  /** Begins anew with a page. What is known to be newer than that stays known. */
  reset(messages: readonly Message[], hasOlder: boolean): void {
    this.#messages = [];
    this.hasOlder = hasOlder;
    this.append(messages);
  }

  prepend(messages: readonly Message[], hasOlder: boolean): void {
    this.#messages = [...messages, ...this.#messages].slice(0, WINDOW_MESSAGES_MAX);
    this.hasOlder = hasOlder;
  }

  append(messages: readonly Message[]): void {
    this.#join(messages);
    // Messages that came while this page was fetched are not in it.
    if (this.#last >= this.#lateFrom) this.#join(this.#late);
    if (!this.hasNewer) this.#late = [];
  }

  /**
   * Takes a message that was just sent. It joins the stretch if no other one lies between, and if that does not cut
   * off the far end under the eyes of somebody who reads there. Answers false when it was known.
   */
  receive(message: Message, followed: boolean): boolean {
    if (message.seq <= this.#newest) return false;
    const joins = !this.hasNewer && (followed || this.#messages.length < WINDOW_MESSAGES_MAX);
    if (joins) {
      this.#join([message]);
      return true;
    }
    if (this.#late.length === 0) this.#lateFrom = this.#newest;
    this.#newest = message.seq;
    this.#late.push(message);
    if (this.#late.length > LATE_MESSAGES_MAX) this.#lateFrom = this.#late.shift()?.seq ?? this.#newest;
    return true;
  }

  /** Changes a message that is at hand; one that is not will be fetched as it is then. */
  change(id: string, change: (known: Message) => Message): void {
    const changed = (message: Message) => (message.id === id ? change(message) : message);
    if (this.#messages.some((message) => message.id === id)) this.#messages = this.#messages.map(changed);
    this.#late = this.#late.map(changed);
  }

  get #last(): number {
    return this.#messages.at(-1)?.seq ?? 0;
  }

  #join(messages: readonly Message[]): void {
    const joined = [...this.#messages, ...messages.filter((message) => message.seq > this.#last)];
    if (joined.length > WINDOW_MESSAGES_MAX) this.hasOlder = true;
    this.#messages = joined.slice(-WINDOW_MESSAGES_MAX);
    this.#newest = Math.max(this.#newest, this.#last);
  }
}

export function sentItem(message: Message, userId: string): TimelineItem {
  const { sender, kind, content, replyTo, threadId, attachments, createdAt } = message;
  const own = sender.id === userId;
  return {
    key: (own ? message.clientMessageId : undefined) ?? message.id,
    sender,
    kind,
    content,
    replyTo,
    threadId,
    attachments,
    files: NONE,
    createdAt,
    status: "sent",
    message,
  };
}

export function outgoingItem(outgoing: Outgoing, sender: UserSummary): TimelineItem {
  const { clientMessageId: key, content, createdAt, failure, failureCode } = outgoing;
  return {
    key,
    sender,
    kind: outgoing.kind ?? "text",
    content,
    replyTo: outgoing.replyTo ?? null,
    threadId: outgoing.threadId ?? null,
    attachments: outgoing.attachments?.filter((file) => typeof file !== "string") ?? NONE,
    files: outgoing.files ?? NONE,
    createdAt,
    ...(failure === undefined ? { status: "queued" } : { status: "failed", failure, ...(failureCode && { failureCode }) }),
  };
}

/** The same for all that have none, so that a row sees no change where there is none. */
const NONE: readonly never[] = [];
