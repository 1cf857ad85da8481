import { Client } from "@natter/sdk";
import { indexedDbCache } from "@natter/sdk/cache";

/** The one client of this page. */
export const chat = new Client({ cache: indexedDbCache("natter-cache") });
