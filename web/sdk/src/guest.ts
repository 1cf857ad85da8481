import { Backoff, retrying } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { SignedOutError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { Server } from "./server.ts";
import type { User } from "./types.ts";
import { Value } from "./value.ts";

/** Gets a token from the host application; `null` when nobody is signed in there. A failure is tried again later. */
export type TokenFunction = () => string | null | Promise<string | null>;

/** Somebody who signed in to the host application, which gives out the tokens. */
export class Guest implements Identity {
  readonly #user = new Value<User | null | undefined>(undefined);
  #token: string | undefined;
  #asking: Promise<string> | undefined;

  readonly user = this.#user;

  constructor(
    private readonly env: Environment,
    private readonly base: string,
    private readonly ask: TokenFunction,
  ) {}

  async load(): Promise<void> {
    if (this.#user.get()) return;
    const server = new Server(this.env, this.base, this);
    this.#user.set(await retrying(new Backoff(this.env), () => true, () => server.call("GET /users/me")));
  }

  async token(refused?: string): Promise<string> {
    if (this.#token !== undefined && this.#token !== refused) return this.#token;
    this.#asking ??= this.#next(refused).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async update(user: User): Promise<void> {
    if (user.id === this.#user.get()?.id) this.#user.set(user);
  }

  /** Forgets the token. The session is the host application's, and ends there. */
  async signOut(): Promise<void> {
    this.#token = undefined;
    this.#user.set(null);
  }

  async #next(refused: string | undefined): Promise<string> {
    const token = await this.ask();
    // The same once more means that there is no other one.
    if (token === null || token === refused) {
      await this.signOut();
      throw new SignedOutError();
    }
    this.#token = token;
    return token;
  }
}
