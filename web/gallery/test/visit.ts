import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launch } from "../../e2e/harness.ts";
import { serveGallery } from "../serve.ts";

/** The gallery in a browser, as tests use it. What the browser complains about fails the test that asks. */
export class Gallery {
  readonly #complaints: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly served: Awaited<ReturnType<typeof serveGallery>>,
  ) {}

  static async open(): Promise<Gallery> {
    const [browser, served] = await Promise.all([launch(), serveGallery()]);
    return new Gallery(browser, served);
  }

  async visit(query = "", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1024, height: 768 }, ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.#complaints.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.#complaints.push(message.text());
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP: ${event.violatedDirective} ${event.sourceFile}:${event.lineNumber}`),
      );
    });
    await page.goto(`${this.served.url}/${query}`);
    await page.getByRole("heading", { name: "Components" }).waitFor();
    return page;
  }

  /** What the browser complained about since the last time. */
  complaints(): string[] {
    return this.#complaints.splice(0);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.served.close();
  }
}

/** Until a page shows what is wanted; fails with what it shows instead. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`it stays ${JSON.stringify(answer)}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
