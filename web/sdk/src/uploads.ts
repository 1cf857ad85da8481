import { Backoff, retrying } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { isRetriable, NetworkError } from "./errors.ts";
import { RefusedFile, type OutgoingFile } from "./outgoing.ts";
import type { Server } from "./server.ts";
import type { Schemas } from "./types.ts";
import { forget, upload, type UploadOptions, type UploadState, type UploadTask } from "./upload.ts";
import type { Value } from "./value.ts";

/**
 * Uploads files: on their own, and those of messages that are to be sent. How far the latter are is kept, so that a page
 * that is loaded later goes on where this one was, and sends the same files under the same key.
 */
export class Uploads {
  readonly #under = new Set<AbortController>();
  readonly #patience = new Set<Backoff>();
  /** Of those that belong to a message. */
  readonly #aborts = new Map<string, AbortController>();

  constructor(
    private readonly env: Environment,
    private readonly server: Server,
    private readonly userId: string,
  ) {}

  /** Uploads a file, however often the connection breaks. */
  async upload(blob: Blob, { signal, ...options }: UploadOptions): Promise<Schemas["File"]> {
    const backoff = new Backoff(this.env);
    const abort = new AbortController();
    const giveUp = () => abort.abort(signal?.reason);
    abort.signal.addEventListener("abort", () => backoff.wake());
    signal?.addEventListener("abort", giveUp);
    this.#patience.add(backoff);
    this.#under.add(abort);
    let state: UploadState = { key: this.env.uniqueId() };
    const keep = async (next: UploadState) => void (state = next);
    try {
      signal?.throwIfAborted();
      const task = () => upload(this.env, this.server, blob, { ...options, signal: abort.signal, state, keep });
      return await retrying(backoff, () => !abort.signal.aborted, task);
    } catch (error) {
      if (!signal?.aborted) throw error;
      await forget(this.env, this.server, state);
      throw signal.reason;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      this.#patience.delete(backoff);
      this.#under.delete(abort);
    }
  }

  /** Uploads the files of a message one after the other, those that are not there yet. Answers all of them. */
  async uploadFor(messageId: string, files: readonly OutgoingFile[]): Promise<Schemas["File"][]> {
    const states = await this.#states(messageId);
    const abort = new AbortController();
    this.#aborts.set(messageId, abort);
    const keep = async (index: number, state: UploadState | undefined) => {
      states[index] = state;
      // Given up meanwhile, nothing must be left of it.
      abort.signal.throwIfAborted();
      await this.env.store.set(this.#key(messageId), states);
    };
    try {
      const uploaded: Schemas["File"][] = [];
      for (const [index, { name, blob, progress }] of files.entries()) {
        let state = states[index] ?? { key: this.env.uniqueId() };
        const task: UploadTask = {
          name,
          state,
          onprogress: (fraction) => (progress as Value<number>).set(fraction),
          signal: abort.signal,
          keep: (next) => keep(index, (state = next)),
        };
        try {
          const file = state.file ?? (await upload(this.env, this.server, blob, task));
          if (!state.file) await keep(index, { ...state, file });
          task.onprogress?.(1);
          uploaded.push(file);
        } catch (error) {
          if (abort.signal.aborted || isRetriable(error) || !(error instanceof Error)) throw error;
          // The next try is another upload, not a repeat that is answered with the same refusal.
          await keep(index, undefined);
          throw new RefusedFile(index, error);
        }
      }
      return uploaded;
    } finally {
      this.#aborts.delete(messageId);
    }
  }

  /** Whether some files of a message were uploaded by an earlier try. The server forgets what is not sent within a day. */
  async begun(messageId: string): Promise<boolean> {
    return (await this.#states(messageId)).some((state) => state?.file);
  }

  /** The message is sent, and its files are its own. Or they are not there any more, and have to be uploaded anew. */
  async done(messageId: string): Promise<void> {
    await this.env.store.delete(this.#key(messageId));
  }

  /** The message is given up: what has arrived of its files is deleted. */
  async cancel(messageId: string): Promise<void> {
    this.#aborts.get(messageId)?.abort();
    const states = await this.#states(messageId);
    await this.done(messageId);
    for (const state of states) if (state) await forget(this.env, this.server, state);
  }

  /** There is a connection again. */
  wake(): void {
    for (const backoff of this.#patience) backoff.wake();
  }

  /** Nothing is uploaded any more. What belongs to messages is gone on with later. */
  stop(): void {
    const reason = new NetworkError("The account was closed.");
    for (const abort of [...this.#under, ...this.#aborts.values()]) abort.abort(reason);
  }

  async #states(messageId: string): Promise<(UploadState | undefined)[]> {
    return ((await this.env.store.get(this.#key(messageId))) ?? []) as (UploadState | undefined)[];
  }

  #key(messageId: string): string {
    return `uploads/${this.userId}/${messageId}`;
  }
}
