import { defineConfig } from "vitest/config";
import { emoji } from "./app/emoji.vite.ts";

// The SDK as it is here, rather than as it was last built.
const conditions = ["natter-source"];

export default defineConfig({
  plugins: [emoji()],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["sdk/test/**/*.test.ts", "ui/test/**/*.test.ts", "app/test/**/*.test.ts"], environment: "node" },
});
