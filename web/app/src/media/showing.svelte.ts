import { failure as told } from "../failure.ts";
import { m } from "../i18n.svelte.ts";
import { Album, keyOf } from "./album.ts";
import type { GalleryWish, SharedFile } from "./gallery.svelte.ts";
import { kindOf } from "./kind.ts";

/** So many are counted, whether anybody goes there or not; of more, the number is known at their end. */
const COUNTED_MAX = 500;
/** The next page is fetched when so few are left. */
const NEAR_END = 20;

export interface Entry {
  readonly key: string;
  readonly shared: SharedFile;
}

/** Which picture of a conversation is looked at, and which lie around it. */
export class Showing {
  #files = $state.raw<readonly SharedFile[]>([]);
  #key = $state("");
  /** Whether the list is that of the conversation, rather than what was known before it was asked. */
  #whole = $state(false);
  #complete = $state(false);
  #failure = $state<string>();
  readonly #album: Album;
  #busy = false;

  constructor(private readonly wish: GalleryWish) {
    const { account, conversationId: id } = wish;
    this.#album = new Album((query) => account.call("GET /conversations/{id}/files", { path: { id }, query }));
    this.#files = looked(wish.known ?? []).toSorted((a, b) => a.messageSeq - b.messageSeq || a.position - b.position);
    const first = this.#files.find(({ file }) => file.id === wish.fileId);
    if (first) this.#key = keyOf(first);
    $effect(() => {
      // Once for the beginning, and again whenever its end comes near.
      if (!this.#complete && (!this.#whole || this.#index < NEAR_END || this.#files.length < COUNTED_MAX)) void this.#older();
    });
  }

  get shared(): SharedFile | undefined {
    return this.#files[this.#index];
  }

  /** Why there is nothing to be seen. */
  get failure(): string | undefined {
    return this.shared ? undefined : this.#failure;
  }

  /** Where it is among all, once they are counted. */
  get place(): { position: number; total: number } | undefined {
    return this.#whole && this.#complete ? { position: this.#index + 1, total: this.#files.length } : undefined;
  }

  get hasNext(): boolean {
    return this.#index < this.#files.length - 1;
  }

  get hasPrevious(): boolean {
    return this.#index > 0;
  }

  /** What is looked at, and its neighbours. */
  get near(): { entry: Entry; offset: number }[] {
    return [-1, 0, 1].flatMap((offset) => {
      const shared = this.#index < 0 ? undefined : this.#files[this.#index + offset];
      return shared ? [{ entry: { key: keyOf(shared), shared }, offset }] : [];
    });
  }

  /** Goes to a neighbour, if there is one. */
  turn(by: 1 | -1): boolean {
    const next = this.#files[this.#index + by];
    if (!next) return false;
    this.#key = keyOf(next);
    return true;
  }

  get #index(): number {
    return this.#files.findIndex((shared) => keyOf(shared) === this.#key);
  }

  async #older(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#album.older();
      this.#failure = undefined;
    } catch (error) {
      // What is here can be looked at; the rest is asked for again when somebody goes there.
      this.#failure = told(error).text;
      return;
    } finally {
      this.#busy = false;
    }
    this.#take();
  }

  #take(): void {
    const files = looked(this.#album.files);
    const current = files.find((shared) => (this.#key ? keyOf(shared) === this.#key : shared.file.id === this.wish.fileId));
    const complete = this.#album.complete || this.#album.full;
    // What was opened lies further back; until it is found, only its neighbours of before are shown.
    if (current) {
      this.#key = keyOf(current);
      this.#files = files;
      this.#whole = true;
    } else if (complete && this.#files.length === 0) {
      this.#failure = m.fileGone;
    }
    this.#complete = complete;
    // The list may be no longer than before, of which no effect would hear.
    if (!complete && !current) void this.#older();
  }
}

function looked(files: readonly SharedFile[]): readonly SharedFile[] {
  return files.filter(({ file }) => file.status === "ready" && ["image", "video"].includes(kindOf(file)));
}
