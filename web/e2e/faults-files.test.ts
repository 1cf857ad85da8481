import { expect, it } from "vitest";
import { everythingKept, type Person } from "./harness.ts";
import { message, pair } from "./pair.ts";

/** What home-made chats get wrong about files. */
const two = pair();

interface Sample {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

async function attach({ page }: Person, ...files: Sample[]): Promise<void> {
  await page.locator("form input[type=file]").setInputFiles(files);
}

function tray({ page }: Person) {
  return page.getByRole("list", { name: "Files to send" }).getByRole("listitem");
}

/** A picture, red at its left edge and blue elsewhere. */
async function jpeg({ page }: Person): Promise<Buffer> {
  const base64 = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(640, 480);
    const drawing = canvas.getContext("2d");
    if (!drawing) throw new Error("no canvas");
    drawing.fillStyle = "blue";
    drawing.fillRect(0, 0, 640, 480);
    drawing.fillStyle = "red";
    drawing.fillRect(0, 0, 160, 480);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  });
  return Buffer.from(base64, "base64");
}

/** The same, of which a camera says that it was held upright: its left edge belongs at the top. */
function turned(picture: Buffer): Buffer {
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010006000000000000", "hex");
  const exif = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 2);
  return Buffer.concat([picture.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, picture.subarray(2)]);
}

it("shows a picture as the camera was held, on both sides, and its place has that shape before it comes", async () => {
  const { alice, bob } = two;
  await two.together("Upright");
  await attach(alice, { name: "upright.jpg", mimeType: "image/jpeg", buffer: turned(await jpeg(alice)) });
  await tray(alice).waitFor();
  await alice.write("Upright");
  for (const person of [alice, bob]) {
    const image = person.page.getByRole("button", { name: "Open picture upright.jpg" }).locator("img").last();
    await expect.poll(() => image.evaluate(({ naturalWidth }: HTMLImageElement) => naturalWidth)).toBeGreaterThan(0);
    const seen = await image.evaluate((element: HTMLImageElement) => {
      const canvas = new OffscreenCanvas(element.naturalWidth, element.naturalHeight);
      const drawing = canvas.getContext("2d");
      drawing?.drawImage(element, 0, 0);
      const colour = (x: number, y: number) => {
        const [red = 0, , blue = 0] = drawing?.getImageData(x, y, 1, 1).data ?? [];
        return red > blue ? "red" : "blue";
      };
      const [width, height] = [element.naturalWidth, element.naturalHeight];
      const place = element.getBoundingClientRect();
      return {
        upright: width < height && place.width < place.height,
        top: colour(width / 2, 4),
        left: colour(4, height / 2),
      };
    });
    expect(seen).toEqual({ upright: true, top: "red", left: "blue" });
  }
});

it("takes a picture of a kind that this browser cannot show, and gives it away as a file", async () => {
  const { alice, bob } = two;
  await two.together("Far off");
  const box = (kind: string, content: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length + 8);
    head.write(kind, 4, "latin1");
    return Buffer.concat([head, content]);
  };
  const heic = Buffer.concat([box("ftyp", Buffer.from("heic\0\0\0\0heicmif1", "latin1")), box("mdat", Buffer.alloc(64, 1))]);
  await attach(alice, { name: "holiday.heic", mimeType: "image/heic", buffer: heic });
  await tray(alice).getByText("holiday.heic").first().waitFor();
  // Without a picture that is broken.
  await expect
    .poll(() => tray(alice).locator("img").evaluateAll((all) => all.some((image) => (image as HTMLImageElement).naturalWidth === 0)))
    .toBe(false);
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  await expect.poll(() => bob.page.getByText("holiday.heic").count()).toBeGreaterThan(0);
  expect(await bob.page.locator("article img").evaluateAll((all) => all.some((image) => (image as HTMLImageElement).complete && (image as HTMLImageElement).naturalWidth === 0))).toBe(false);
});

it("takes what is pasted twice once, and refuses what is empty", async () => {
  const { alice } = two;
  await two.together("Pasting");
  const paste = (...files: [name: string, content: string][]) =>
    alice.composer.evaluate((field, pasted) => {
      const clipboardData = new DataTransfer();
      for (const [name, content] of pasted) clipboardData.items.add(new File([content], name, { type: "text/plain" }));
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, files);
  await paste(["notes.txt", "the same"]);
  await tray(alice).waitFor();
  await paste(["notes.txt", "the same"]);
  await paste(["other.txt", "another"]);
  await tray(alice).nth(1).waitFor();
  await paste(["nothing.txt", ""]);
  await alice.page.getByText("nothing.txt is empty.").waitFor();
  expect(await tray(alice).count()).toBe(2);
  for (const name of ["notes.txt", "other.txt"]) {
    await alice.page.getByRole("button", { name: new RegExp(`(Remove|Cancel upload of) ${name}`) }).click();
  }
  await tray(alice).first().waitFor({ state: "detached" });
});

it("shows the end of a file's name that the system will go by, whatever signs are in it", async () => {
  const { alice, bob } = two;
  await two.together("Disguises");
  await attach(alice, { name: "invoice-\u202efdp.txt", mimeType: "text/plain", buffer: Buffer.from("Pay at once.") });
  await tray(alice).waitFor();
  // Neither to whoever sends it, nor to whoever gets it.
  const turning = /[\u202a-\u202e\u2066-\u2069]/;
  expect(await tray(alice).first().locator(".name").first().textContent()).not.toMatch(turning);
  await alice.write("Please pay");
  const name = message(bob, "Please pay").locator(".name").first();
  await name.waitFor();
  const shown = await name.evaluate((element) => ({ text: element.textContent, title: element.getAttribute("title") }));
  expect(shown.text).not.toMatch(turning);
  expect(shown.title).not.toMatch(turning);
  expect(shown.text).toMatch(/\.txt$/);
});

it("takes everything of a conversation from the device of whoever is removed from it", async () => {
  const { alice, bob, natter } = two;
  const id = await two.together("Secrets");
  await attach(alice, { name: "plan.jpg", mimeType: "image/jpeg", buffer: await jpeg(alice) });
  await tray(alice).waitFor();
  await alice.write("The secret plan");
  const image = bob.page.getByRole("button", { name: "Open picture plan.jpg" }).locator("img").last();
  await expect.poll(() => image.evaluate(({ naturalWidth }: HTMLImageElement) => naturalWidth)).toBeGreaterThan(0);
  const address = await image.evaluate(({ currentSrc }: HTMLImageElement) => currentSrc);
  // What is in the browser's own cache it may not show without asking the server.
  const rules = await bob.page.evaluate(async (url) => (await fetch(url)).headers.get("Cache-Control"), address);
  expect(rules).toMatch(/no-cache|no-store/);
  await expect.poll(() => everythingKept(bob.page)).toContain("The secret plan");
  const { id: userId } = await natter.call<{ id: string }>("GET", "/users/bob", undefined, two.token("alice"));
  await natter.call("DELETE", `/conversations/${id}/members/${userId}`, undefined, two.token("alice"));
  await bob.row("Secrets").waitFor({ state: "detached" });
  await expect.poll(() => everythingKept(bob.page)).not.toMatch(/secret plan/i);
  expect(await everythingKept(bob.page)).not.toContain("plan.jpg");
  bob.complaints.length = 0;
});
