import { defineConfig } from "vite";

/** Modules for browsers and Node, without dependencies; what uploads is one that is loaded when somebody does. */
export default defineConfig({
  build: {
    lib: { entry: { index: "src/index.ts", cache: "src/cache.ts" }, formats: ["es"] },
    minify: true,
    target: "es2023",
  },
});
