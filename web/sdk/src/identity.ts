import type { User } from "./types.ts";
import type { Readable } from "./value.ts";

/** Who is signed in, and what proves it. */
export interface Identity {
  /** `undefined` until it is known, `null` for nobody. */
  readonly user: Readable<User | null | undefined>;
  /** Finds out who it is: at the start, and whenever that may have changed elsewhere. */
  load(): Promise<void>;
  /** A token that is good now, and another one than was `refused` or is about to end. */
  token(refused?: string): Promise<string>;
  /** Takes the name and the picture that the same user has now. */
  update(user: User): Promise<void>;
  /** Forgets the tokens and ends the session. */
  signOut(): Promise<void>;
}
