import type { Message } from "@natter/sdk";
import { m } from "../i18n.svelte.ts";

/** What a system message says, in the reader's language. */
export function systemText(
  { system, sender, content }: Pick<Message, "system" | "sender" | "content">,
  nameOf: (userId: string) => string | undefined,
): string {
  const actor = sender.displayName;
  const name = (userId: string) => nameOf(userId) ?? m.somebody;
  switch (system?.type) {
    case "memberAdded":
      return m.systemAdded({ actor, name: name(system.userId) });
    case "memberRemoved":
      return m.systemRemoved({ actor, name: name(system.userId) });
    case "memberJoined":
      return m.systemJoined({ actor });
    case "memberLeft":
      return m.systemLeft({ actor });
    case "roleChanged":
      return m.systemRole({ actor, name: name(system.userId), role: system.role });
    case "renamed":
      return m.systemRenamed({ actor, title: system.name });
    case "topicChanged":
      return system.topic ? m.systemTopic({ actor, topic: system.topic }) : m.systemTopicCleared({ actor });
    case "visibilityChanged":
      return m.systemVisibility({ actor, visibility: system.visibility });
    case "statusChanged":
      return m.systemStatus({ actor, status: system.status });
    case "messagePinned":
      return m.systemPinned({ actor });
    case undefined:
    default:
      // A newer server says something that this client has no words for yet.
      return content;
  }
}
