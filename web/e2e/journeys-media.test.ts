import { expect, it } from "vitest";
import type { Person } from "./harness.ts";
import { pair } from "./pair.ts";

const two = pair(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);

/** A picture that only this test has. */
async function picture(person: Person, name: string, hue: number) {
  const base64 = await person.page.evaluate(async (degrees) => {
    const canvas = new OffscreenCanvas(640, 480);
    const drawing = canvas.getContext("2d");
    if (!drawing) throw new Error("no canvas");
    drawing.fillStyle = `hsl(${degrees} 80% 50%)`;
    drawing.fillRect(0, 0, 640, 480);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  }, hue);
  return { name, mimeType: "image/png", buffer: Buffer.from(base64, "base64") };
}

it("sends pictures, which are looked at one after the other and closely", async () => {
  const { alice, bob } = two;
  await two.together("Pictures");
  const names = ["dawn.png", "noon.png", "dusk.png"];
  await alice.page
    .locator("input[type=file]")
    .setInputFiles(await Promise.all(names.map((name, index) => picture(alice, name, index * 120))));
  await alice.page.getByRole("list", { name: "Files to send" }).getByRole("listitem").nth(2).waitFor();
  await alice.write("One day");
  await bob.sees(["One day"]);
  const noon = bob.page.getByRole("button", { name: "Open picture noon.png" });
  await noon.click();
  const gallery = bob.page.getByRole("dialog", { name: "Pictures and videos" });
  const status = gallery.getByRole("status");
  await status.getByText("2 of 3: noon.png, from Alice Archer").waitFor({ state: "attached" });
  // What is shown is a picture that has come, not only a place for one.
  await expect
    .poll(() => gallery.locator("img").evaluateAll((images) => images.some((image) => (image as HTMLImageElement).naturalWidth > 0)))
    .toBe(true);
  await bob.page.keyboard.press("ArrowRight");
  const [second = ""] = [await status.textContent()];
  expect(second).toMatch(/of 3: (dawn|dusk)\.png/);
  await bob.page.keyboard.press("ArrowLeft");
  await status.getByText("2 of 3: noon.png").waitFor({ state: "attached" });
  const scale = gallery.getByRole("button", { name: "Fit to screen" });
  expect(await scale.textContent()).toBe("100%");
  await gallery.getByRole("button", { name: "Zoom in" }).click();
  expect(await scale.textContent()).not.toBe("100%");
  await bob.page.keyboard.press("0");
  expect(await scale.textContent()).toBe("100%");
  await bob.page.keyboard.press("Escape");
  await gallery.waitFor({ state: "detached" });
  await bob.page.waitForURL(/\/c\/[^/]+$/);
  expect(await bob.page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Open picture noon.png");

  await bob.page.getByRole("button", { name: "Files", exact: true }).click();
  const pane = bob.page.getByRole("region", { name: "Details" });
  await pane.getByRole("button", { name: "Open picture dusk.png" }).click();
  await gallery.getByRole("button", { name: "Show in conversation" }).click();
  await gallery.waitFor({ state: "detached" });
  await bob.page.waitForURL(/\/m\//);
});

it("sends a document, which is looked into and saved as it was", async () => {
  const { alice, bob } = two;
  await two.together("Documents");
  const words = "Low water at six.\nHigh water at noon.\n";
  await alice.page.locator("input[type=file]").setInputFiles({ name: "tides.txt", mimeType: "text/plain", buffer: Buffer.from(words) });
  await alice.page.getByRole("list", { name: "Files to send" }).getByText("tides.txt").first().waitFor();
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  await bob.page.getByRole("button", { name: "Open tides.txt" }).click();
  const preview = bob.page.getByRole("dialog");
  await preview.getByText("Low water at six.").waitFor();
  await bob.page.keyboard.press("Escape");
  await preview.waitFor({ state: "detached" });
  const [download] = await Promise.all([
    bob.page.waitForEvent("download"),
    bob.page.getByRole("button", { name: "Download tides.txt" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("tides.txt");
  const stream = await download.createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe(words);
});

it("takes files back before they are sent, and says what cannot be sent", async () => {
  const { alice } = two;
  await two.together("Trays");
  await alice.page.locator("input[type=file]").setInputFiles([
    { name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("kept") },
    { name: "dropped.txt", mimeType: "text/plain", buffer: Buffer.from("dropped") },
    { name: "nothing.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
  ]);
  await alice.page.getByText("nothing.txt is empty.").waitFor();
  await alice.page.getByRole("button", { name: /(Remove|Cancel upload of) dropped\.txt/ }).click();
  const tray = alice.page.getByRole("list", { name: "Files to send" });
  await tray.getByText("dropped.txt").waitFor({ state: "detached" });
  await tray.getByText("kept.txt").first().waitFor();
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  await alice.page.getByRole("button", { name: "Open kept.txt" }).waitFor();
});

it("records a voice message, which is heard on the other side", async () => {
  const { alice, bob } = two;
  await two.together("Voices");
  await alice.page.getByRole("button", { name: "Record a voice message" }).click();
  const recorder = alice.page.getByRole("group", { name: "Voice message" });
  await recorder.getByText("0:02").waitFor();
  await recorder.getByRole("button", { name: "Stop and listen" }).click();
  await recorder.getByRole("button", { name: "Play recording" }).waitFor();
  // The button that stopped it is gone, and the focus is still here.
  expect(await recorder.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  await recorder.getByRole("button", { name: "Send" }).click();
  const voice = bob.page.getByRole("group", { name: "Voice message from Alice Archer" });
  await voice.waitFor();
  expect(await voice.getByRole("slider", { name: "Position" }).getAttribute("aria-valuetext")).toMatch(/of 0:0[2-9]/);
  await voice.getByRole("button", { name: "Play" }).click();
  await voice.getByRole("button", { name: "Pause" }).waitFor();
  await expect.poll(async () => Number(await voice.getByRole("slider", { name: "Position" }).inputValue())).toBeGreaterThan(0);
});
