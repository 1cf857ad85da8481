import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page } from "playwright-core";

export const BINARY = resolve(process.env["NATTER_BIN"] ?? join(import.meta.dirname, "../../target/debug/natter"));
const CHROMIUM = process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium";
const START_MS_MAX = 20_000;
export const PASSWORD = "correct horse battery";
/** Tests are faster than people. */
const NO_RATES = Object.fromEntries(
  ["SENDS", "CONVERSATIONS", "UPLOADS", "SOCKET_MESSAGES", "SIGN_INS", "REGISTRATIONS", "REQUESTS", "ANONYMOUS_REQUESTS"].map(
    (rate) => [`NATTER_LIMITS_${rate}_PER_MINUTE`, "0"],
  ),
);

/** A real server in a directory of its own, which can be killed and started again where it was. */
export class Natter {
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(
    private readonly port: number,
    readonly directory: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Natter> {
    const natter = new Natter(await freePort(), await mkdtemp(join(tmpdir(), "natter-e2e-")), settings);
    await natter.start();
    return natter;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const child = spawn(BINARY, ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.directory], {
      // Undefined, since the program refuses variables that it does not know.
      // Messages of the tests mention websites that are not there.
      env: { ...process.env, ...NO_RATES, NATTER_LINK_PREVIEWS_ENABLED: "false", ...this.settings, NATTER_BIN: undefined },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.#log += String(chunk)));
    const deadline = Date.now() + START_MS_MAX;
    for (;;) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (answer?.ok) return;
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${BINARY} does not start:\n${this.#log}`);
      await new Promise((wake) => setTimeout(wake, 20));
    }
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A request without a browser, to prepare what is not tested. */
  async call<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(`${this.url}/api/v1${path}`, init);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  /** Ends the process: SIGTERM lets it tidy up, SIGKILL does not. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export function launch(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
  });
}

/** A browser of one person. Everything that it complains about is kept in `complaints`. */
export class Person {
  readonly complaints: string[] = [];
  /** Set while the server is down on purpose: the browser then logs each request that fails. */
  outage = false;

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  static async arrive(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1024, height: 720 }, locale: "en-GB", ...options });
    const page = await context.newPage();
    const person = new Person(context, page, url);
    page.on("pageerror", (error) => person.complaints.push(`uncaught: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const expected = person.outage && /ERR_|WebSocket connection to/.test(message.text());
      if (!expected) person.complaints.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on("request", (request) => {
      // What a page has made itself comes from its own memory.
      if (![url, `blob:${url}`, "data:"].some((own) => request.url().startsWith(own))) {
        person.complaints.push(`asks another host: ${request.url()}`);
      }
    });
    // Violations of the content security policy, also those that the console does not show.
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
      );
    });
    return person;
  }

  async signUp(username: string, displayName: string): Promise<void> {
    await this.page.goto(`${this.url}/sign-up`);
    await this.fillSignUp(username, displayName);
    await this.page.getByRole("button", { name: "New conversation" }).first().waitFor();
  }

  /** From where the form is there, to where one is signed in. */
  async fillSignUp(username: string, displayName: string): Promise<void> {
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByLabel("Display name").fill(displayName);
    await this.page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
    await this.page.getByRole("button", { name: "Create account" }).click();
  }

  async signIn(username: string): Promise<void> {
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByRole("button", { name: "New conversation" }).first().waitFor();
  }

  /** Begins a conversation with one person; choosing them is enough. */
  async startDirect(username: string): Promise<void> {
    await this.page.getByRole("button", { name: "New conversation" }).first().click();
    await this.page.getByRole("combobox", { name: "With whom?" }).fill(username);
    await this.page.getByRole("option", { name: `@${username}` }).click();
    await this.composer.waitFor();
  }

  async open(title: string): Promise<void> {
    await this.row(title).click();
    await this.composer.waitFor();
  }

  /** A conversation in the list. */
  row(title: string): Locator {
    return this.page.locator("nav li a").filter({ has: this.page.locator(".title").getByText(title, { exact: true }) });
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: /^Message / });
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The messages in view, as everybody reads them. */
  texts(): Promise<string[]> {
    return this.page.locator("article .content").allTextContents();
  }

  /** Until the messages in view are these, none missing, none twice, in this order. */
  async sees(texts: readonly string[]): Promise<void> {
    await this.page
      .waitForFunction((wanted) => {
        const shown = [...document.querySelectorAll("article .content")].map((element) => element.textContent);
        return JSON.stringify(shown) === wanted;
      }, JSON.stringify(texts))
      .catch(async (cause: unknown) => {
        throw new Error(`expected ${JSON.stringify(texts)}, sees ${JSON.stringify(await this.texts())}`, { cause });
      });
  }

  /** Until fonts are there and nothing moves any more. */
  async still(): Promise<void> {
    await this.page.evaluate(async () => {
      await document.fonts.ready;
      // One that is cancelled does not move any more either.
      await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    });
  }

  async connection(state: "online" | "offline"): Promise<void> {
    await this.page.locator(`[data-connection="${state}"]`).waitFor({ state: "attached" });
  }
}

/** Takes service workers away, which a page without TLS does not have either. */
export async function withoutWorkers({ context }: Person): Promise<void> {
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined }));
}

/** Until the service worker has the client, and answers for the page. */
export async function kept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken, { once: true }));
  });
}

/** The texts of all messages that are kept for when there is no network. */
export function textsKept(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((done, failed) => {
      const opening = indexedDB.open("natter-cache");
      opening.onsuccess = () => done(opening.result);
      opening.onerror = () => failed(new Error(String(opening.error)));
    });
    const rooms = await new Promise<{ content: string }[][]>((done) => {
      const all = database.transaction("entries").objectStore("entries").getAll(IDBKeyRange.bound("room/", "room/\uffff"));
      all.onsuccess = () => done(all.result as { content: string }[][]);
    });
    database.close();
    return rooms.flat().map(({ content }) => content);
  });
}

/** All that the browser keeps of the client, as text. */
export function everythingKept(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done, failed) => {
        const opening = indexedDB.open(name ?? "");
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => failed(new Error(String(opening.error)));
      });
      for (const store of database.objectStoreNames) {
        const entries = await new Promise<unknown>((done) => {
          const all = database.transaction(store).objectStore(store).getAll();
          all.onsuccess = () => done(all.result);
        });
        found.push(JSON.stringify(entries));
      }
      database.close();
    }
    for (const cache of await caches.keys()) {
      for (const { url } of await (await caches.open(cache)).keys()) found.push(url);
    }
    return found.join("\n");
  });
}
