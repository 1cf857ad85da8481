import { Client, indexedDbStore } from "@natter/sdk";
import { indexedDbCache } from "@natter/sdk/cache";
import { roomy } from "./offline/roomy.ts";
import { Paced } from "./paced.ts";

/** The one client of this page. */
export const chat = new Client({
  store: roomy(indexedDbStore("natter")),
  cache: indexedDbCache("natter-cache"),
  connect: (url) => new Paced(new WebSocket(url)),
});
