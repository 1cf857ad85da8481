// Draws the pictures under which the client is installed from its sign: `node scripts/icons.mjs`.
import { chromium } from "playwright-core";
import { readFile, writeFile } from "node:fs/promises";

const folder = new URL("../app/public/", import.meta.url);
const sign = await readFile(new URL("favicon.svg", folder), "utf8");

/** What a system cuts into its own shape is full to the edge, and keeps its sign in the middle. */
const icons = [
  { file: "icon-192.png", size: 192, part: 0.92, ground: "transparent" },
  { file: "icon-512.png", size: 512, part: 0.92, ground: "transparent" },
  { file: "icon-maskable-512.png", size: 512, part: 0.6, ground: "#eef0fb" },
  { file: "icon-apple-180.png", size: 180, part: 0.7, ground: "#ffffff" },
];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const { file, size, part, ground } of icons) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const inner = sign.replace("<svg ", `<svg width="${Math.round(size * part)}" `);
    await page.setContent(
      `<body style="margin:0;height:100vh;display:grid;place-items:center;background:${ground}">${inner}</body>`,
    );
    await writeFile(new URL(file, folder), await page.screenshot({ omitBackground: true }));
    await page.close();
  }
} finally {
  await browser.close();
}
