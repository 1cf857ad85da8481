import type { Message, TimelineItem } from "@natter/sdk";
import { sameDay } from "../day.ts";

/** A message, and what of its surroundings its looks depend on. */
export interface Row {
  item: TimelineItem;
  /** The first of its day. */
  startsDay: boolean;
  /** The first that was unread when the conversation was opened. */
  startsNew: boolean;
  /** Not by the same person within minutes, so it says by whom and when. */
  startsGroup: boolean;
  /** The message that it answers, or whose thread it is in, if that is at hand. */
  quoted: Message | undefined;
  /** Right above it, on the same day, is one of the same thread, so it need not say which. */
  continuesThread: boolean;
}

const GROUP_MS = 5 * 60 * 1000;

/**
 * @param readSeq Up to where everything was read when the conversation was opened; `undefined` if nothing was left.
 * @param me Own messages are never new to oneself.
 */
export function rows(items: readonly TimelineItem[], readSeq: number | undefined, me: string): Row[] {
  const byId = new Map(items.map(({ message }) => [message?.id, message]));
  const firstNew = readSeq === undefined ? -1 : items.findIndex((item) => isNew(item, readSeq, me));
  return items.map((item, index) => {
    const before = items[index - 1];
    const startsNew = index === firstNew;
    const quoted = byId.get(quotes(item));
    if (!before) return { item, startsDay: true, startsNew, startsGroup: true, quoted, continuesThread: false };
    const at = new Date(item.createdAt);
    const startsDay = !sameDay(new Date(before.createdAt), at);
    const startsGroup = startsDay || startsNew || !continues(before, item);
    const continuesThread = !startsDay && !startsNew && item.threadId !== null && item.threadId === before.threadId;
    return { item, startsDay, startsNew, startsGroup, quoted, continuesThread };
  });
}

/** The message that this one is about: what it answers, else what started its thread. */
export function quotes(item: TimelineItem): string | undefined {
  return item.replyTo ?? item.threadId ?? undefined;
}

function isNew({ message }: TimelineItem, readSeq: number, me: string): boolean {
  return message !== undefined && message.seq > readSeq && message.sender.id !== me && message.kind !== "system";
}

function continues(before: TimelineItem, item: TimelineItem): boolean {
  if (before.sender.id !== item.sender.id) return false;
  // A change is said on a line of its own.
  if (before.message?.kind === "system" || item.message?.kind === "system") return false;
  // Clocks differ: what is on its way has the time of this device, and may seem to be before what was sent.
  return Math.abs(new Date(item.createdAt).getTime() - new Date(before.createdAt).getTime()) <= GROUP_MS;
}
