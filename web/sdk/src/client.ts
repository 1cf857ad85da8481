import { Account } from "./account.ts";
import { defaultEnvironment, type Environment } from "./environment.ts";
import { SignedOutError } from "./errors.ts";
import { Guest, type TokenFunction } from "./guest.ts";
import { Session } from "./session.ts";
import type { LoginRequest, RegisterRequest } from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** Where the server is, and whatever of the {@link Environment} is to be another one than usual. */
export interface ClientOptions extends Partial<Environment> {
  /** Where the server is; in a browser, where the page came from. */
  url?: string;
}

/** {@link ClientOptions}, and who it is that connects. */
export interface ConnectOptions extends ClientOptions {
  /** Gets a token; called again when the last one is about to end or was refused. */
  token: TokenFunction;
}

/**
 * Connects somebody whom the host application knows. Answers once the server has said who it is, for which it waits as
 * long as it takes; fails if the server refuses.
 */
export async function connect({ token, ...options }: ConnectOptions): Promise<Account> {
  const { env, base } = resolve(options);
  const guest = new Guest(env, base, token);
  await guest.load();
  const user = guest.user.get();
  if (!user) throw new SignedOutError();
  const account = new Account(env, base, guest, user);
  account.start();
  return account;
}

/** The way in for people with a password here: signs in, remembers it, and answers who it is. */
export class Client {
  readonly #account = new Value<Account | null | undefined>(undefined);
  readonly #session: Session;
  readonly #stop: (() => void)[];

  /** Whoever is signed in: `undefined` until that is known, `null` for nobody. */
  readonly account: Readable<Account | null | undefined> = this.#account;

  constructor(options: ClientOptions = {}) {
    const { env, base } = resolve(options);
    this.#session = new Session(env, base);
    this.#stop = [
      this.#session.user.subscribe((user) => {
        const before = this.#account.get();
        if (user && user.id === before?.user.id) return;
        before?.close();
        const account = user && new Account(env, base, this.#session, user);
        this.#account.set(account);
        account?.start();
      }),
      // Another tab may have signed in or out meanwhile.
      env.onWake(() => void this.#session.load().catch((error: unknown) => env.report(error))),
    ];
  }

  /** Takes up the session that an earlier page left behind, if there is one. */
  async start(): Promise<void> {
    await this.#session.load();
  }

  /** Creates an account and signs in. */
  async register(request: RegisterRequest): Promise<void> {
    await this.#session.register(request);
  }

  async login(request: LoginRequest): Promise<void> {
    await this.#session.login(request);
  }

  /** Lets go of the connection; the session stays. */
  close(): void {
    for (const stop of this.#stop) stop();
    this.#account.get()?.close();
  }
}

function resolve({ url, ...environment }: ClientOptions): { env: Environment; base: string } {
  url ??= typeof location === "undefined" ? undefined : location.origin;
  if (url === undefined) throw new TypeError("Pass the `url` of the server.");
  return { env: { ...defaultEnvironment(), ...environment }, base: url.replace(/\/+$/, "") };
}
