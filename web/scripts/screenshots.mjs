// Takes pictures of every screen with data that layouts fear, for eyes to judge; with --gallery of every component in
// every state; and with --readme the one picture of the README.
// Usage: node scripts/screenshots.mjs [--gallery | --readme] [DIRECTORY]
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runnerImport } from "vite";

/** @type {{ module: typeof import("../e2e/harness.ts") }} */
const { module } = await runnerImport(resolve(import.meta.dirname, "../e2e/harness.ts"));
const { launch, Natter, Person } = module;

const readme = process.argv.includes("--readme");
const gallery = process.argv.includes("--gallery");
const given = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
const directory = given ? resolve(given) : await mkdtemp(join(tmpdir(), "natter-screenshots-"));
await mkdir(directory, { recursive: true });

const PASSWORD = "correct horse battery";
if (gallery) {
  await picturesOfComponents();
  process.exit();
}
const [browser, natter] = await Promise.all([launch(), Natter.start()]);

/**
 * @param {string} username
 * @param {string} displayName
 */
async function person(username, displayName) {
  const body = { username, displayName, password: PASSWORD };
  /** @type {{ accessToken: string }} */
  const { accessToken } = await natter.call("POST", "/auth/register", body);
  return accessToken;
}

/**
 * @param {string} token
 * @param {object} wish
 * @returns {Promise<string>}
 */
async function conversation(token, wish) {
  /** @type {{ id: string }} */
  const { id } = await natter.call("POST", "/conversations", wish, token);
  return id;
}

/**
 * @param {string} token
 * @param {string} id
 * @param {string} content
 */
const say = (token, id, content) => natter.call("POST", `/conversations/${id}/messages`, { content }, token);

/**
 * @param {string} username
 * @param {import("playwright-core").BrowserContextOptions} options
 */
async function enter(username, options) {
  const visitor = await Person.arrive(browser, natter.url, options);
  await visitor.page.goto(natter.url);
  await visitor.signIn(username);
  return visitor;
}

try {
  await (readme ? pictureForReadme() : picturesForJudging());
} finally {
  await browser.close();
  await natter.stop();
}

async function picturesOfComponents() {
  /** @type {{ module: typeof import("../gallery/pictures.ts") }} */
  const { module: pictures } = await runnerImport(resolve(import.meta.dirname, "../gallery/pictures.ts"));
  const components = await launch();
  try {
    await pictures.picturesOfGallery(components, directory);
  } finally {
    await components.close();
  }
  console.log(directory);
}

async function pictureForReadme() {
  const alice = await person("alice", "Alice Archer");
  const bob = await person("bob", "Bob Baker");
  const carol = await person("carol", "Carol Cooper");
  await say(carol, await conversation(carol, { type: "direct", members: ["alice"] }), "See you at the standup 👋");
  const design = await conversation(carol, { type: "channel", name: "design", members: ["alice"] });
  await say(carol, design, "The new icons are in.");
  await say(alice, await conversation(alice, { type: "group", name: "Weekend hike", members: ["bob"] }), "Boots or trainers?");
  const topic = "What ships this week";
  const release = await conversation(alice, { type: "channel", name: "release", topic, members: ["bob", "carol"] });
  await say(bob, release, "The migration is through.");
  await say(bob, release, "I'd like a second pair of eyes on the retry:");
  await say(bob, release, "```ts\nawait retrying(backoff, () => !closed, () => fetch(position));\n```");
  await say(alice, release, "Looks right. `closed` is asked again after the wait, good.");
  /** @type {{ id: string }} */
  const killed = await say(carol, release, "Killed the server in the middle of a send, twice. Every message arrived once, in order.");
  for (const [token, emoji] of [[alice, "🎉"], [bob, "🎉"], [bob, "👀"]]) {
    await natter.call("POST", `/messages/${killed.id}/reactions`, { emoji }, token);
  }
  await natter.call("PUT", `/messages/${killed.id}/pin`, undefined, alice);
  const answer = { content: "Twice is the right number of times, @carol", replyTo: killed.id };
  await natter.call("POST", `/conversations/${release}/messages`, answer, bob);
  await say(alice, release, "Then let's ship it 🚀");
  const visitor = await enter("alice", { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 });
  await visitor.open("release");
  await visitor.page.getByText("Then let's ship it").last().waitFor();
  await visitor.still();
  const path = resolve(import.meta.dirname, "../../docs/screenshot.png");
  await visitor.page.screenshot({ path });
  console.log(path);
}

/** Names and messages that layouts fear. Answers where the screens are that show them. */
async function hostileData() {
  const hero = await person("hero", "Maximiliane Theodora von und zu Hohenstaufen-Württemberg III");
  const amina = await person("amina", "أمينة الحسيني");
  const emoji = await person("emoji", "🦊🦊🦊");
  await person("lonely", "Lonely Newcomer");
  for (let index = 0; index < 30; index += 1) {
    const group = await conversation(hero, { type: "group", name: `Planning of quarter ${index + 1}`, members: ["amina"] });
    if (index % 3 > 0) await say(index % 3 === 1 ? hero : amina, group, "A last line that is far too long to fit into the list");
  }
  await say(emoji, await conversation(emoji, { type: "direct", members: ["hero"] }), "🎉🎉🎉");
  await say(amina, await conversation(amina, { type: "direct", members: ["hero"] }), "مرحبا! هل وصلت الرسالة؟");
  const name = "supercalifragilisticexpialidocious-conversation-about-everything";
  const topic = "A topic that goes on and on, so that it certainly has to be cut off somewhere before its end comes";
  const conversationId = await conversation(hero, { type: "channel", name, topic, members: ["amina", "emoji"] });
  /**
   * @param {string} by
   * @param {string} content
   * @param {object} more
   * @returns {Promise<string>}
   */
  const tell = async (by, content, more = {}) => {
    /** @type {{ id: string }} */
    const { id } = await natter.call("POST", `/conversations/${conversationId}/messages`, { content, ...more }, by);
    return id;
  };
  await tell(amina, "مرحبا بالجميع، هذا نص عربي مع English words في الوسط و 123 رقم.");
  await tell(amina, "Short");
  await tell(emoji, "👩‍👩‍👧‍👦🏳️‍🌈🇳🇴");
  const address = "https://example.com/a/very/long/path/that/does/not/want/to/break?with=parameters&and=more&and=";
  const messageId = await tell(amina, `Which **quay** is it, @hero? See ${address}${"x".repeat(120)}\n> quoted\n- item`);
  await tell(hero, "One line\nand another\n\n\n\nand one after a gap, with `inline code` and <b>no markup</b>.");
  await tell(hero, "An answer in the thread", { threadId: messageId });
  await tell(hero, "And one more, right behind it", { threadId: messageId });
  await tell(amina, "جواب في السلسلة", { threadId: messageId });
  await tell(emoji, "An answer with a quote", { replyTo: messageId });
  await tell(amina, "x".repeat(400));
  await tell(hero, "```rust\n" + Array.from({ length: 300 }, (_, line) => `let line_${line} = "${"=".repeat(line % 40)}";`).join("\n") + "\n```");
  await tell(emoji, "A paragraph of ordinary length that wraps over some lines when the window is small. It ends here.");
  await tell(hero, "ok");
  await tell(hero, "نعم");
  for (const token of [hero, amina, emoji]) await natter.call("POST", `/messages/${messageId}/reactions`, { emoji: "👍" }, token);
  await natter.call("PUT", `/messages/${messageId}/pin`, undefined, hero);
  return { conversationId, messageId };
}

async function picturesForJudging() {
  /** @type {{ module: typeof import("../e2e/screens.ts") }} */
  const { module: screens } = await runnerImport(resolve(import.meta.dirname, "../e2e/screens.ts"));
  const place = await hostileData();
  /** @type {import("../e2e/screens.ts").Screen[]} */
  const more = [
    { name: "message", path: ({ conversationId, messageId }) => `/c/${conversationId}/m/${messageId}`, shows: "article.shown" },
    {
      name: "switcher, a name",
      path: () => "/",
      reach: async (page) => {
        await page.keyboard.press("Control+K");
        await page.locator("dialog input").fill("quarter 1");
      },
      shows: "dialog [role=option]",
    },
    {
      name: "offline",
      path: () => "/settings/appearance",
      reach: async (page) => {
        await page.context().setOffline(true);
        await page.reload();
      },
      shows: "[data-connection=offline] p",
    },
  ];
  for (const width of [360, 768, 1440]) {
    for (const locale of ["en-GB", "ar"]) {
      const options = { viewport: { width, height: width < 640 ? 740 : 900 }, locale, hasTouch: width < 640, isMobile: width < 640 };
      /**
       * @param {import("../e2e/harness.ts").Person} visitor
       * @param {readonly import("../e2e/screens.ts").Screen[]} wanted
       */
      const pictures = async (visitor, wanted) => {
        for (const screen of wanted) {
          await screens.visit(visitor, screen, place);
          for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
            await visitor.page.emulateMedia({ colorScheme });
            await visitor.still();
            const name = `${screen.name.replace(/\W+/g, "-")}-${width}-${colorScheme}-${locale.slice(0, 2)}.png`;
            await visitor.page.screenshot({ path: join(directory, name) });
          }
        }
        await visitor.context.close();
      };
      for (const [username, wanted] of /** @type {const} */ ([
        ["hero", [...screens.SIGNED_IN, ...more]],
        ["lonely", [{ name: "empty", path: () => "/", shows: "nav.side .empty" }]],
      ])) {
        const visitor = await Person.arrive(browser, natter.url, options);
        await visitor.page.goto(natter.url);
        await visitor.page.locator("input[autocomplete=username]").fill(username);
        await visitor.page.locator("input[type=password]").fill(PASSWORD);
        await visitor.page.locator("form [type=submit]").click();
        await visitor.page.locator("nav.side .list > *").first().waitFor();
        await pictures(visitor, wanted);
      }
      await pictures(await Person.arrive(browser, natter.url, options), screens.SIGNED_OUT);
    }
  }
  console.log(directory);
}
