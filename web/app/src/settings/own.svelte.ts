import type { Account, Schemas } from "@natter/sdk";

type OwnUser = Schemas["OwnUser"];

/** The user as only they see themselves. */
export class Own {
  #user = $state.raw<OwnUser>();
  #failure = $state.raw<unknown>();

  constructor(private readonly account: Account) {}

  /** Nothing before it is loaded. */
  get user(): OwnUser | undefined {
    return this.#user;
  }

  /** Why it could not be loaded. */
  get failure(): unknown {
    return this.#failure;
  }

  async load(): Promise<void> {
    this.#failure = undefined;
    try {
      this.#user = await this.account.call("GET /users/me");
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Fails if the server does not take it. */
  async change(body: Schemas["UpdateProfile"]): Promise<void> {
    this.#user = await this.account.call("PATCH /users/me", { body });
  }
}
