import { defineConfig } from "vite";

/** One module for browsers and Node, without dependencies. */
export default defineConfig({
  build: {
    lib: { entry: "src/index.ts", formats: ["es"], fileName: "index" },
    minify: true,
    target: "es2023",
  },
});
