import type { Message } from "@natter/sdk";
import { m } from "../i18n.svelte.ts";
import { summary } from "../markup.ts";
import { systemText } from "./system.ts";

/** Characters of a message that fit into one line anywhere; taking more of it apart would be for nothing. */
const CHARACTERS_MAX = 300;

type Described = Pick<Message, "content" | "kind" | "attachments" | "deletedAt" | "system" | "sender">;

/** What a message says, in one line: its text, else what is attached. */
export function describe(message: Described, nameOf: (userId: string) => string | undefined = () => undefined): string {
  if (message.deletedAt) return m.deleted;
  if (message.kind === "system") return systemText(message, nameOf);
  const text = summary(message.content.slice(0, CHARACTERS_MAX)).trim();
  if (text !== "") return text;
  if (message.kind === "voice") return m.voiceMessage;
  const [file] = message.attachments;
  if (!file) return "";
  if (message.attachments.length > 1) return m.filesAttached({ count: message.attachments.length });
  return file.mediaType.startsWith("image/") ? m.pictureAttached : file.name;
}
