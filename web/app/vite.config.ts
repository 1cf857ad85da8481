import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defaultClientConditions, defineConfig } from "vite";
import { compress } from "./compress.vite.ts";
import { emoji } from "./emoji.vite.ts";
import { sentences } from "./sentences.vite.ts";
import { serviceWorker } from "./service-worker.vite.ts";

export default defineConfig({
  plugins: [sentences(), emoji(), svelte(), serviceWorker("src/offline/worker.ts", /^assets\/emoji-\w\w-[^/]+\.json$/), compress()],
  // The SDK as it is here, rather than as it was last built.
  resolve: { conditions: ["natter-source", ...defaultClientConditions] },
  build: {
    sourcemap: false,
    // The content security policy allows no data: fonts, and the polyfill is for browsers that are not supported.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the first page needs is one file, and so is what comes next, and next: of many small ones, each would wait
        // for an answer from the server.
        codeSplitting: {
          groups: [
            { name: "entry", test: /src[\\/]main\.ts$/, priority: 2 },
            { name: "shell", test: /shell[\\/]Shell\.svelte$/, priority: 1 },
            { name: "conversation", test: /conversation[\\/]Conversation\.svelte$/ },
          ],
        },
      },
    },
    // These know `light-dark()`. What it would be replaced by for older ones does not follow a scheme set by a script.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: {
    proxy: { "/api": { target: process.env.NATTER_URL ?? "http://127.0.0.1:8080", ws: true } },
  },
});
