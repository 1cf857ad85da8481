import { Client } from "@natter/sdk";

/** The one client of this page. */
export const chat = new Client();
