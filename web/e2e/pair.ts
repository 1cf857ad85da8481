import type { Browser, BrowserContextOptions, Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launch, Natter, Person, PASSWORD } from "./harness.ts";

type Name = "alice" | "bob";

/** Two people with a browser each, on one server for all tests of a file. Each test has conversations of its own. */
export interface Pair {
  readonly browser: Browser;
  readonly natter: Natter;
  readonly alice: Person;
  readonly bob: Person;
  /** Whoever else a test brings, who leaves after it. */
  arrive(options?: BrowserContextOptions): Promise<Person>;
  /** A group of both, made by Alice; neither looks at it yet. */
  group(name: string): Promise<string>;
  /** The same, and both look at it. */
  together(name: string): Promise<string>;
  /** Speaks for a person at the API. */
  token(username: Name): string;
  /** What a person says, without their browser. */
  say(username: Name, conversationId: string, content: string): Promise<string>;
}

export function pair(args: readonly string[] = []): Pair {
  let browser: Browser;
  let natter: Natter;
  let alice: Person;
  let bob: Person;
  let guests: Person[] = [];
  const tokens: Record<Name, string> = { alice: "", bob: "" };

  beforeAll(async () => {
    [browser, natter] = await Promise.all([launch(args), Natter.start()]);
    [alice, bob] = await Promise.all([Person.arrive(browser, natter.url), Person.arrive(browser, natter.url)]);
    await Promise.all([alice.signUp("alice", "Alice Archer"), bob.signUp("bob", "Bob Baker")]);
    for (const username of ["alice", "bob"] as const) {
      const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/login", { username, password: PASSWORD });
      tokens[username] = accessToken;
    }
  });

  afterEach(async () => {
    const complaints = [alice, bob, ...guests].flatMap((person) => person.complaints.splice(0));
    await Promise.all(guests.map((guest) => guest.context.close()));
    guests = [];
    expect(complaints).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await natter.stop();
  });

  const made: Pair = {
    get browser() {
      return browser;
    },
    get natter() {
      return natter;
    },
    get alice() {
      return alice;
    },
    get bob() {
      return bob;
    },
    async arrive(options = {}) {
      const guest = await Person.arrive(browser, natter.url, options);
      guests.push(guest);
      return guest;
    },
    async group(name) {
      const body = { type: "group", name, members: ["bob"] };
      return (await natter.call<{ id: string }>("POST", "/conversations", body, tokens.alice)).id;
    },
    async together(name) {
      const id = await made.group(name);
      await Promise.all([alice.open(name), bob.open(name)]);
      return id;
    },
    token: (username) => tokens[username],
    async say(username, conversationId, content) {
      const path = `/conversations/${conversationId}/messages`;
      return (await natter.call<{ id: string }>("POST", path, { content }, tokens[username])).id;
    },
  };
  return made;
}

/** A message with these words. */
export function message(person: Person, words: string | RegExp): Locator {
  return person.page.locator("article").filter({ hasText: words });
}

/** Does something to a message by the tools that lie over it. */
export async function act(person: Person, words: string, action: string): Promise<void> {
  const article = message(person, words);
  await article.hover();
  await article.getByRole("toolbar", { name: "Message actions" }).getByRole("button", { name: action, exact: true }).click();
}

/** The same by its menu. */
export async function choose(person: Person, words: string, action: string): Promise<void> {
  await act(person, words, "More actions");
  await person.page.getByRole("menuitem", { name: action }).click();
}

/** What is told for a while. */
export function toast(person: Person, words: string | RegExp): Locator {
  return person.page.getByRole("region", { name: "Short news" }).getByText(words);
}

/** A line about what changed in a conversation. Names in it are isolated, so that they do not turn the sentence. */
export function told(person: Person, sentence: string): Locator {
  return person.page.getByRole("region", { name: /^Messages in / }).getByText(new RegExp(sentence.replaceAll(" ", "\u2069? \u2068?")));
}
