import type { User } from "../src/index.ts";
import { Refusal, type Answer } from "./refusal.ts";

interface Person {
  user: User;
  password: string;
}

/** Who there is, and what proves it: each refresh token works once, and a second use ends its session. */
export class FakeSessions {
  readonly #people = new Map<string, Person>();
  readonly #access = new Map<string, string>();
  readonly #refresh = new Map<string, { userId: string; family: string; used: boolean }>();
  readonly #ended = new Set<string>();
  readonly #tickets = new Map<string, string>();

  constructor(private readonly id: () => string) {}

  /** A request that nobody need be signed in for; `undefined` for any other. */
  handle(path: string, body: Record<string, string>): Answer | undefined {
    switch (path) {
      case "/auth/register":
        return { status: 201, body: this.#register(body) };
      case "/auth/login": {
        const person = this.#people.get(String(body["username"]));
        if (!person || person.password !== body["password"]) throw new Refusal(401, "invalid_credentials");
        return { status: 200, body: { user: person.user, ...this.#pair(person.user.id, this.id()) } };
      }
      case "/auth/refresh":
        return { status: 200, body: this.#rotate(String(body["refreshToken"])) };
      default:
        return undefined;
    }
  }

  /** Whose refresh token this is. */
  owner(refreshToken: string): string | undefined {
    return this.#refresh.get(refreshToken)?.userId;
  }

  signedIn(token: string | undefined): string {
    const userId = this.#access.get(token ?? "");
    if (userId === undefined) throw new Refusal(401, "token_expired");
    return userId;
  }

  end(userId: string): void {
    for (const session of this.#refresh.values()) if (session.userId === userId) this.#ended.add(session.family);
    for (const [token, owner] of this.#access) if (owner === userId) this.#access.delete(token);
  }

  expire(): void {
    this.#access.clear();
  }

  /** A token that proves who somebody is. */
  token(userId: string): string {
    const token = `a-${this.id()}`;
    this.#access.set(token, userId);
    return token;
  }

  ticket(userId: string): string {
    const ticket = this.id();
    this.#tickets.set(ticket, userId);
    return ticket;
  }

  /** Whose ticket it is; it works once. */
  take(ticket: string): User | undefined {
    const userId = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return userId === undefined ? undefined : this.user(userId);
  }

  user(id: string): User {
    const person = [...this.#people.values()].find((candidate) => candidate.user.id === id);
    if (!person) throw new Refusal(404, "not_found");
    return person.user;
  }

  byName(name: string): User {
    const person = this.#people.get(name);
    if (!person) throw new Refusal(422, "validation_failed");
    return person.user;
  }

  #register(body: Record<string, string>): object {
    const username = String(body["username"]);
    if (this.#people.has(username)) throw new Refusal(409, "username_taken");
    const user: User = {
      id: this.id(),
      username,
      displayName: body["displayName"] ?? username,
      avatarUrl: null,
      role: "user",
      presence: "online",
      lastSeen: null,
    };
    this.#people.set(username, { user, password: String(body["password"]) });
    return { user, ...this.#pair(user.id, this.id()) };
  }

  #pair(userId: string, family: string) {
    const accessToken = this.token(userId);
    const refreshToken = `r-${this.id()}`;
    this.#refresh.set(refreshToken, { userId, family, used: false });
    return { accessToken, refreshToken, expiresIn: 900 };
  }

  #rotate(refreshToken: string) {
    const session = this.#refresh.get(refreshToken);
    if (session?.used) this.#ended.add(session.family);
    if (!session || this.#ended.has(session.family)) throw new Refusal(401, "session_ended");
    session.used = true;
    return this.#pair(session.userId, session.family);
  }
}
