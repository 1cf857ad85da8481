import { Account } from "./account.ts";
import { defaultEnvironment, type Environment } from "./environment.ts";
import { Session } from "./session.ts";
import type { LoginRequest, RegisterRequest } from "./types.ts";
import { Value, type Readable } from "./value.ts";

export interface ClientOptions extends Partial<Environment> {
  /** Where the server is; in a browser, where the page came from. */
  url?: string;
}

/** The way in: signs in, and answers who is. */
export class Client {
  readonly #account = new Value<Account | null | undefined>(undefined);
  readonly #session: Session;
  readonly #stop: (() => void)[];

  /** Whoever is signed in: `undefined` until that is known, `null` for nobody. */
  readonly account: Readable<Account | null | undefined> = this.#account;

  constructor({ url = location.origin, ...environment }: ClientOptions = {}) {
    const env = { ...defaultEnvironment(), ...environment };
    const base = url.replace(/\/+$/, "");
    this.#session = new Session(env, base);
    this.#stop = [
      this.#session.user.subscribe((user) => {
        this.#account.get()?.close();
        const account = user && new Account(env, base, this.#session, user);
        this.#account.set(account);
        account?.start();
      }),
      env.onWake(() => {
        // Another tab may have signed in or out meanwhile.
        this.#session.load().catch((error: unknown) => env.report(error));
        this.#account.get()?.wake();
      }),
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
