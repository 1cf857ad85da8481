import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The page of all components, for those who build them: `npx vite --config gallery/vite.config.ts`. No part of Natter.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte({ configFile: "../app/svelte.config.js" })],
  build: { assetsInlineLimit: 0, cssTarget: ["chrome123", "firefox120", "safari17.5"], modulePreload: { polyfill: false } },
});
