import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";
import { expect, vi } from "vitest";
import { PASSWORD } from "./harness.ts";

const FIREFOX = process.env["FIREFOX_BIN"] ?? "/usr/bin/firefox-esr";
/** On a machine that does other things meanwhile. */
const SEEN_MS_MAX = 30_000;
const COMPOSER = "form textarea";

export function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    // Nothing moves away from a pointer that is on its way.
    extraPrefsFirefox: { "ui.prefersReducedMotion": 1 },
  });
}

/** A Firefox of one person. Everything that it complains about is kept in `complaints`. */
export class Fox {
  readonly complaints: string[] = [];
  /** Set while there is no network on purpose: the browser then logs each request that fails. */
  outage = false;

  private constructor(
    readonly page: Page,
    readonly url: string,
  ) {}

  static async arrive(browser: Browser, url: string): Promise<Fox> {
    const context = await browser.createBrowserContext();
    // Of several tabs of a window Firefox draws one.
    const page = await context.newPage({ type: "window" });
    await page.setViewport({ width: 1024, height: 720 });
    const fox = new Fox(page, url);
    page.on("pageerror", (error) => fox.complaints.push(`uncaught: ${String(error)}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !fox.outage) fox.complaints.push(`console: ${message.text()}`);
    });
    // Firefox tells of them to the page only.
    await page.evaluateOnNewDocument(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
      );
    });
    return fox;
  }

  async signUp(username: string, displayName: string): Promise<void> {
    await this.page.goto(`${this.url}/sign-up`);
    await this.fill("Username", username);
    await this.fill("Display name", displayName);
    await this.fill("Password", PASSWORD);
    await this.press("Create account");
    await this.find("button", "New conversation");
  }

  async signIn(username: string): Promise<void> {
    await this.fill("Username", username);
    await this.fill("Password", PASSWORD);
    await this.press("Sign in");
    await this.find("button", "New conversation");
  }

  /** Begins a conversation with one person; choosing them is enough. */
  async startDirect(username: string): Promise<void> {
    await this.press("New conversation");
    await this.fill("With whom?", username);
    await this.find("dialog [role=option]", new RegExp(`@${username}`));
    await this.page.keyboard.press("Enter");
    await this.find(COMPOSER);
  }

  async open(title: string): Promise<void> {
    await this.press(new RegExp(title), "nav.side li a");
    await this.find(COMPOSER);
  }

  /** Writes a message, in the place of what was being written. */
  async compose(text: string): Promise<void> {
    await (await this.find(COMPOSER)).evaluate((field, typed) => {
      field.focus();
      (field as HTMLTextAreaElement).select();
      // As a keyboard does it, and unlike a new value, which no editor hears of.
      document.execCommand(typed === "" ? "delete" : "insertText", false, typed);
    }, text);
  }

  async write(text: string): Promise<void> {
    await this.compose(text);
    await this.page.keyboard.press("Enter");
  }

  async fill(name: string, text: string): Promise<void> {
    await (await this.find("input", new RegExp(`^${name.replace("?", "\\?")}`))).focus();
    await this.page.keyboard.type(text);
  }

  /** What goes in that moment, such as a row of a list that is searched, is looked for anew. */
  async press(name: string | RegExp, selector = "button"): Promise<void> {
    await vi.waitFor(async () => (await this.find(selector, name)).click(), { timeout: SEEN_MS_MAX });
  }

  /** Until there is such an element in view: with this name for whoever hears the page, or one that fits. */
  find(selector: string, name: string | RegExp = /(?:)/): Promise<ElementHandle<HTMLElement>> {
    const source = typeof name === "string" ? `^${name.replaceAll(/[.?()]/g, "\\$&")}$` : name.source;
    const look = async () => {
      const found = await this.page.evaluateHandle(
        (wanted, pattern) => {
          const named = new RegExp(pattern, "su");
          const nameOf = (element: HTMLElement) =>
            element.getAttribute("aria-label") ?? (element as HTMLInputElement).labels?.[0]?.textContent ?? element.textContent;
          const all = [...document.querySelectorAll<HTMLElement>(wanted)];
          return all.find((element) => element.checkVisibility() && named.test(nameOf(element).trim()));
        },
        selector,
        source,
      );
      const element = found.asElement();
      if (!element) throw new Error(`nobody sees ${selector} ${String(name)}`);
      return element as ElementHandle<HTMLElement>;
    };
    return vi.waitFor(look, { timeout: SEEN_MS_MAX });
  }

  async message(words: string): Promise<ElementHandle<HTMLElement>> {
    return this.find("article", new RegExp(words));
  }

  /** Does something to a message by the tools that lie over it. */
  async act(words: string, action: string): Promise<void> {
    await vi.waitFor(
      async () => {
        const article = await this.message(words);
        await article.hover();
        const tool = await article.$(`[role=toolbar] button[aria-label="${action}"]`);
        if (!tool) throw new Error(`nobody can ${action} ${words}`);
        await tool.click();
      },
      { timeout: SEEN_MS_MAX },
    );
  }

  /** Until the messages in view are these, none missing, none twice, in this order. */
  async sees(texts: readonly string[]): Promise<void> {
    const shown = () => this.page.$$eval("article .content", (all) => all.map(({ textContent }) => textContent));
    await expect.poll(shown, { timeout: SEEN_MS_MAX }).toEqual(texts);
  }

  async connection(state: "online" | "offline"): Promise<void> {
    await this.page.waitForSelector(`[data-connection="${state}"]`);
  }
}
