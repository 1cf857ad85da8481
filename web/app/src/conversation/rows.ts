import type { TimelineItem } from "@natter/sdk";
import { time } from "../time.ts";

/** A message, and what of its surroundings its looks depend on. */
export interface Row {
  item: TimelineItem;
  /** The first of its day. */
  startsDay: boolean;
  /** Not by the same person within minutes, so it says by whom and when. */
  startsGroup: boolean;
}

const GROUP_MS = 5 * 60 * 1000;

export function rows(items: readonly TimelineItem[]): Row[] {
  return items.map((item, index) => {
    const before = items[index - 1];
    if (!before) return { item, startsDay: true, startsGroup: true };
    const at = new Date(item.createdAt);
    const startsDay = !time.sameDay(new Date(before.createdAt), at);
    const apart = at.getTime() - new Date(before.createdAt).getTime();
    return { item, startsDay, startsGroup: startsDay || before.sender.id !== item.sender.id || apart > GROUP_MS };
  });
}
