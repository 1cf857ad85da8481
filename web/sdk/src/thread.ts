import { Feed, type FeedContext, type Place } from "./feed.ts";
import type { Draft, Sending } from "./outgoing.ts";
import type { Message, Page } from "./types.ts";
import type { Typing } from "./typing.ts";
import { Value, type Readable } from "./value.ts";

/** The answers to one message: live and without holes like the conversation itself, and a way to add to them. */
export class Thread extends Feed {
  readonly #root = new Value<Message | undefined>(undefined);

  /** The message that began the thread, once it is here. */
  readonly root: Readable<Message | undefined> = this.#root;

  constructor(
    id: string,
    /** The message that began the thread, or will. */
    readonly rootId: string,
    context: FeedContext,
    writers: Typing,
  ) {
    super(id, rootId, context, writers);
  }

  /** Answers in the thread. */
  override send(message: string | Draft): Sending {
    const draft = typeof message === "string" ? { content: message } : message;
    return super.send({ ...draft, threadId: this.rootId });
  }

  /** Shows what there is of it among other messages, until the server's are here. */
  override show(messages: readonly Message[]): void {
    this.#root.set(this.#root.get() ?? messages.find(({ id }) => id === this.rootId));
    super.show(messages.filter(({ threadId }) => threadId === this.rootId));
  }

  /** The server counts the root among the messages of its thread. */
  protected override async page(place?: Place): Promise<Page<Message>> {
    const { server } = this.context;
    const page = await server.messages(this.id, place, this.rootId);
    const known = place === undefined ? undefined : this.#root.get();
    const root = known ?? page.data.find(({ id }) => id === this.rootId);
    this.#root.set(root ?? (await server.call("GET /messages/{id}", { path: { id: this.rootId } })));
    return { ...page, data: page.data.filter(({ id }) => id !== this.rootId) };
  }

  protected override change(id: string, change: (known: Message) => Message): void {
    super.change(id, change);
    const root = this.#root.get();
    if (root?.id === id) this.#root.set(change(root));
  }

  override reset(seq?: number): Promise<void> {
    this.#root.set(undefined);
    return super.reset(seq);
  }
}
