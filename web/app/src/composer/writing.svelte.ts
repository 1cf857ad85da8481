import type { Account, Message, Room, Thread } from "@natter/sdk";
import { toasts } from "@natter/ui";
import { draftsOf, type Unsent } from "../drafts.ts";
import { failure } from "../failure.ts";
import { m } from "../i18n.svelte.ts";
import { besideOf } from "./beside.ts";
import { CHARACTERS_MAX } from "./limits.ts";
import { composed } from "./markdown.ts";
import type { ComposerMode } from "./mode.ts";
import { scheduleOf } from "./scheduled.ts";

/** What the screen around the composer knows. */
export interface Surroundings {
  readonly account: Account;
  readonly room: Room | Thread;
  mode: ComposerMode;
}

const NOTHING: Unsent = { content: "", replyTo: null };

/**
 * A message that is being written, and what can become of it.
 *
 * Invariant: a text leaves the place where it is kept only when the outbox or the server has it, or when it was given up
 * in a way that can be undone.
 */
export class Writing {
  text = $state("");
  /** Why the text could not be saved. */
  problem = $state("");
  saving = $state(false);

  readonly tray;
  readonly recorder;
  readonly schedule;
  readonly threadId: string | undefined;
  readonly #drafts;
  readonly #home: string;
  /** The message that a draft answers, until it is here. */
  #awaited: string | null = null;

  /** Where the text is kept. An edit has a place of its own, and the message that was begun before waits in its own. */
  readonly place = $derived.by(() => {
    const { mode } = this.around;
    return mode.kind === "edit" ? `edit/${mode.message.id}` : this.#home;
  });
  readonly content = $derived(composed(this.text));
  /** By how many characters it is too long. Counting takes time, and a text has at least as many UTF-16 units. */
  readonly over = $derived(this.content.length > CHARACTERS_MAX ? Math.max(0, [...this.content].length - CHARACTERS_MAX) : 0);
  readonly filled = $derived.by(() => {
    const { mode } = this.around;
    const files = mode.kind === "edit" ? mode.message.attachments : this.tray.files;
    return this.content.trim() !== "" || files.length > 0;
  });
  readonly ready = $derived.by(() => {
    const { mode } = this.around;
    return this.filled && this.over === 0 && !this.saving && (mode.kind === "edit" || !this.tray.failed);
  });

  constructor(private readonly around: Surroundings) {
    const { account, room } = around;
    this.threadId = "rootId" in room ? room.rootId : undefined;
    this.#home = this.threadId === undefined ? room.id : `${room.id}/${this.threadId}`;
    this.#drafts = draftsOf(account);
    this.schedule = scheduleOf(account);
    ({ tray: this.tray, recorder: this.recorder } = besideOf(account, this.#home));
    this.text = this.#drafts.get(this.#home).content;
  }

  /** Takes the text of the present place, and follows it while another device or tab writes there. Answers how to stop. */
  follow(): () => void {
    const take = (unsent: Unsent) => {
      const { mode } = this.around;
      this.text = unsent.content === "" && mode.kind === "edit" ? mode.message.content : unsent.content;
      if (mode.kind !== "edit") void this.#answer(unsent.replyTo);
    };
    take(this.#drafts.get(this.place));
    return this.#drafts.watch(this.place, take);
  }

  /** Keeps what was typed. */
  keep(): void {
    const { mode } = this.around;
    this.problem = "";
    // What an edit began with need not be kept.
    const changed = mode.kind !== "edit" || this.text !== mode.message.content;
    const replyTo = this.text.trim() === "" ? null : (this.#links().replyTo ?? null);
    this.#drafts.set(this.place, { content: changed ? this.text : "", replyTo });
  }

  /** Takes a text back that was not sent. Answers false while another one is being written. */
  takeBack(unsent: Unsent): boolean {
    if (this.around.mode.kind !== "new" || this.filled || unsent.content.trim() === "") return false;
    this.text = unsent.content;
    this.#drafts.set(this.#home, unsent);
    void this.#answer(unsent.replyTo);
    return true;
  }

  /** Sends the message, or saves the edit. Answers whether a message is on its way. */
  send(): boolean {
    if (!this.ready) return false;
    const { mode, room } = this.around;
    if (mode.kind === "edit") {
      void this.#save(mode.message);
      return false;
    }
    room.send({ content: this.content, ...this.tray.take(), ...this.#links() });
    this.#done();
    return true;
  }

  sendVoice(): void {
    const file = this.recorder.take();
    if (!file) return;
    this.around.room.send({ content: "", kind: "voice", files: [file], ...this.#links() });
    this.#awaited = null;
    if (this.around.mode.kind === "reply") this.around.mode = { kind: "new" };
  }

  /** Leaves the message to the server until its time has come. */
  async sendAt(time: Date): Promise<void> {
    const attachments = this.tray.files.flatMap(({ file }) => file?.id ?? []);
    const thread = this.threadId === undefined ? {} : { threadId: this.threadId };
    const later = { content: this.content, attachments, sendAt: time.toISOString(), ...this.#links(), ...thread };
    await this.schedule.add(this.around.room.id, later);
    this.tray.take();
    this.#done();
  }

  /** Answers or edits no more. Changes that were made are offered again. */
  cancel(): void {
    const { mode, text, place } = { mode: this.around.mode, text: this.text, place: this.place };
    if (mode.kind === "edit" && text !== mode.message.content) {
      this.#drafts.set(place, NOTHING);
      const run = () => {
        this.#drafts.set(place, { content: text, replyTo: null });
        this.around.mode = mode;
      };
      toasts.show({ text: m.editCancelled, action: { label: m.goOnEditing, run } });
    }
    this.#awaited = null;
    this.around.mode = { kind: "new" };
  }

  async #save(message: Message): Promise<void> {
    if (this.content === message.content) return this.#done();
    this.saving = true;
    const { place } = this;
    try {
      await this.around.account.call("PATCH /messages/{id}", { path: { id: message.id }, body: { content: this.content } });
      if (this.place === place) this.#done();
      else this.#drafts.set(place, NOTHING);
    } catch (error) {
      this.problem = failure(error).text;
    } finally {
      this.saving = false;
    }
  }

  #done(): void {
    this.#awaited = null;
    this.#drafts.set(this.place, NOTHING);
    this.text = "";
    if (this.around.mode.kind !== "new") this.around.mode = { kind: "new" };
  }

  /** What a message refers to. */
  #links(): { replyTo?: string } {
    const { mode } = this.around;
    const replyTo = mode.kind === "reply" ? mode.message.id : mode.kind === "new" ? this.#awaited : null;
    return replyTo === null ? {} : { replyTo };
  }

  /** Shows what a draft answers. */
  async #answer(replyTo: string | null): Promise<void> {
    if (replyTo === (this.#links().replyTo ?? null)) return;
    const { account, room } = this.around;
    this.#awaited = replyTo;
    if (replyTo === null) {
      // A reply without a text is no draft, and no reason to forget whom it was for.
      if (this.text !== "" && this.around.mode.kind === "reply") this.around.mode = { kind: "new" };
      return;
    }
    const known = room.timeline.get().items.find(({ message }) => message?.id === replyTo)?.message;
    const message =
      known ??
      // One that cannot be had is still answered; only the strip is missing.
      (await account.call("GET /messages/{id}", { path: { id: replyTo } }).catch((error: unknown) => console.warn(error)));
    if (message && this.#awaited === replyTo && this.around.mode.kind === "new") this.around.mode = { kind: "reply", message };
  }
}
