import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Deployments } from "./deploy.ts";
import { kept, launch, Natter, PASSWORD, Person, withoutWorkers } from "./harness.ts";

const DRAFT = "Dear all, it is with great";

let browser: Browser;
let natter: Natter;
let deployments: Deployments;
let ada: Person;

beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
beforeEach(async () => {
  natter = await Natter.start();
  deployments = await Deployments.start(natter.url);
  await natter.call("POST", "/auth/register", { username: "bob", password: PASSWORD });
});
afterEach(async () => {
  await ada.context.close();
  await deployments.stop();
  await natter.stop();
  // What is gone on the server, the browser logs as well.
  expect(ada.complaints.filter((complaint) => !/\/assets\/|40[14]/.test(complaint))).toEqual([]);
});

/** Somebody with a half-written message, in a page that was not loaded anew since. */
async function writing(worker: "with a worker" | "without a worker"): Promise<void> {
  ada = await Person.arrive(browser, deployments.url);
  if (worker === "without a worker") await withoutWorkers(ada);
  await ada.signUp("ada", "Ada");
  await ada.startDirect("bob");
  await ada.composer.pressSequentially(DRAFT);
  await ada.connection("online");
  ada.outage = true;
}

/** The server is replaced by one with another build of the client. */
async function deploy(without?: RegExp): Promise<void> {
  await natter.end("SIGTERM");
  await ada.connection("offline");
  deployments.deploy(without);
  await natter.start();
  await ada.connection("online");
}

/** Counts how often the page is loaded, from now on. */
function loads(): () => number {
  let count = 0;
  ada.page.on("load", () => (count += 1));
  return () => count;
}

/** The builds of the files that the page has loaded. */
function builds(): Promise<string[]> {
  return ada.page.evaluate(() => {
    const files = performance.getEntriesByType("resource").map(({ name }) => /\.b\d+(?=\.js$)/.exec(name)?.[0] ?? "");
    return [...new Set(files)].filter((build) => build !== "");
  });
}

const details = () => ada.page.getByRole("button", { name: "Details", exact: true }).last().click();

it("is loaded again, once, when a part of an old page is gone, and keeps what was being written", async () => {
  await writing("without a worker");
  expect(await builds()).toEqual([".b1"]);
  await deploy();
  const loaded = loads();
  await details();
  await ada.page.getByRole("region", { name: "Details" }).waitFor();
  await expect.poll(() => ada.composer.inputValue()).toBe(DRAFT);
  expect(loaded()).toBe(1);
  expect(await builds()).toEqual([".b2"]);
  await ada.composer.press("Enter");
  await ada.sees([DRAFT]);
});

it("is not loaded again and again when a part is missing on the server as well", async () => {
  await writing("without a worker");
  await deploy(/^DetailsPane/);
  const loaded = loads();
  await details();
  await ada.page.getByRole("button", { name: "Try again" }).waitFor();
  await expect.poll(() => ada.composer.inputValue()).toBe(DRAFT);
  expect(loaded()).toBe(1);
  // Whoever tries again hears the same, and all else goes on.
  await ada.page.getByRole("button", { name: "Try again" }).click();
  await ada.page.getByRole("button", { name: "Try again" }).waitFor();
  await ada.composer.press("Enter");
  await ada.sees([DRAFT]);
  expect(loaded()).toBe(1);
});

it("goes on with its own files where they are kept, says that there is a newer version, and changes to it", async () => {
  await writing("with a worker");
  await kept(ada.page);
  await deploy();
  const loaded = loads();
  await details();
  await ada.page.getByRole("region", { name: "Details" }).waitFor();
  await ada.page.getByText("A new version is ready").waitFor();
  expect(loaded()).toBe(0);
  expect(await builds()).toEqual([".b1"]);

  await ada.page.getByRole("button", { name: "Update", exact: true }).click();
  await expect.poll(builds).toEqual([".b2"]);
  await expect.poll(() => ada.composer.inputValue()).toBe(DRAFT);
  expect(loaded()).toBe(1);
  await ada.page.getByText("A new version is ready").waitFor({ state: "detached" });
});

it("is told of by the other tabs when one has changed to it", async () => {
  await writing("with a worker");
  await kept(ada.page);
  const other = await ada.context.newPage();
  await other.goto(deployments.url);
  await other.getByRole("button", { name: "New conversation" }).first().waitFor();
  await deploy();
  const loaded = loads();
  await other.getByRole("button", { name: "Update", exact: true }).click();
  await ada.page.getByText("A new version is ready").waitFor();
  // Its own files are gone now, unless the browser happens to have them still.
  await details();
  await ada.page.getByRole("region", { name: "Details" }).waitFor();
  await expect.poll(() => ada.composer.inputValue()).toBe(DRAFT);
  expect(loaded()).toBeLessThanOrEqual(1);
});
