import type { Environment } from "./environment.ts";
import { ChatError, SignedOutError } from "./errors.ts";
import { send, type Request } from "./http.ts";
import type { Identity } from "./identity.ts";
import type { LoginRequest, RegisterRequest, SignIn, Tokens, User } from "./types.ts";
import { Value } from "./value.ts";

const KEY = "session";
const LOCK = "natter:session";
/** A token this close to its end might not survive the way to the server. */
const MARGIN_MS = 30_000;
/** Given up, the answer to a refresh is lost, and the session with it: wait long. */
const REFRESH_TIMEOUT_MS = 120_000;

interface Stored {
  user: User;
  accessToken: string;
  refreshToken: string;
  expiresAt: number;
}

/**
 * Somebody who signed in with a password, and the tokens that prove it.
 *
 * Invariant: each refresh token is used once. All tabs share one stored pair; whoever refreshes holds a lock, looks
 * first whether another tab was faster, and stores the new pair before anybody uses it.
 */
export class Session implements Identity {
  readonly #user = new Value<User | null | undefined>(undefined);
  #stored: Stored | undefined;
  #refreshing: Promise<Stored> | undefined;

  /** `undefined` until the store was read, `null` while nobody is signed in. */
  readonly user = this.#user;

  constructor(
    private readonly env: Environment,
    private readonly base: string,
  ) {}

  /** Takes over what is stored: at the start, and whenever another tab may have signed in or out. */
  async load(): Promise<void> {
    this.#adopt(await this.#read());
  }

  async register(body: RegisterRequest): Promise<void> {
    await this.#signIn({ method: "POST", path: "/auth/register", body });
  }

  async login(body: LoginRequest): Promise<void> {
    await this.#signIn({ method: "POST", path: "/auth/login", body });
  }

  /** Forgets the tokens here, then ends the session on the server. Fails if the server did not hear of it. */
  async signOut(): Promise<void> {
    const refreshToken = await this.env.exclusive(LOCK, async () => {
      const stored = await this.#read();
      await this.env.store.delete(KEY);
      this.#adopt(undefined);
      return stored?.refreshToken;
    });
    if (refreshToken === undefined) return;
    try {
      await send(this.env, this.base, { method: "POST", path: "/auth/logout", body: { refreshToken } });
    } catch (error) {
      // It had ended already, which is what was wanted.
      if (!(error instanceof ChatError && error.status === 401)) throw error;
    }
  }

  /** The access token, refreshed if it was refused or is about to end. */
  async token(refused?: string): Promise<string> {
    const present = this.#stored;
    if (!present) throw new SignedOutError();
    if (this.#fit(present, refused)) return present.accessToken;
    this.#refreshing ??= this.env
      .exclusive(LOCK, () => this.#refresh(present.user.id, refused))
      .finally(() => (this.#refreshing = undefined));
    return (await this.#refreshing).accessToken;
  }

  async update(user: User): Promise<void> {
    await this.env.exclusive(LOCK, async () => {
      const stored = await this.#read();
      if (stored?.user.id === user.id) await this.#keep({ ...stored, user });
    });
  }

  #fit(stored: Stored, refused: string | undefined): boolean {
    return stored.accessToken !== refused && stored.expiresAt - MARGIN_MS > this.env.now();
  }

  async #refresh(userId: string, refused: string | undefined): Promise<Stored> {
    const stored = await this.#read();
    if (stored?.user.id !== userId) {
      this.#adopt(stored);
      throw new SignedOutError();
    }
    if (this.#fit(stored, refused)) {
      this.#adopt(stored);
      return stored;
    }
    try {
      const tokens = await send<Tokens>(this.env, this.base, {
        method: "POST",
        path: "/auth/refresh",
        body: { refreshToken: stored.refreshToken },
        timeoutMs: REFRESH_TIMEOUT_MS,
      });
      return await this.#keep(this.#stamped(stored.user, tokens));
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 401) throw error;
      await this.env.store.delete(KEY);
      this.#adopt(undefined);
      throw new SignedOutError();
    }
  }

  async #signIn(request: Request): Promise<void> {
    const answer = await send<SignIn>(this.env, this.base, request);
    await this.env.exclusive(LOCK, () => this.#keep(this.#stamped(answer.user, answer)));
  }

  async #read(): Promise<Stored | undefined> {
    return (await this.env.store.get(KEY)) as Stored | undefined;
  }

  #stamped(user: User, { accessToken, refreshToken, expiresIn }: Tokens): Stored {
    return { user, accessToken, refreshToken, expiresAt: this.env.now() + expiresIn * 1000 };
  }

  async #keep(stored: Stored): Promise<Stored> {
    await this.env.store.set(KEY, stored);
    this.#adopt(stored);
    return stored;
  }

  #adopt(stored: Stored | undefined): void {
    this.#stored = stored;
    const user = stored?.user ?? null;
    // What comes from the store is another object each time.
    if (JSON.stringify(user) !== JSON.stringify(this.#user.get())) this.#user.set(user);
  }
}
