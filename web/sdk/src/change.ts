import type { Message, MessageChange, ReactionChange } from "./types.ts";

/** A message as it is after it was edited, pinned or deleted. The change is the same for everybody, so whether one's own
 * reactions are among those that are left is known from before. */
export function withChange(known: Message, { messageSeq, actorId: _, ...message }: MessageChange): Message {
  const own = new Set(known.reactions.filter(({ me }) => me).map(({ emoji }) => emoji));
  const reactions = message.reactions.map((reaction) => ({ ...reaction, me: own.has(reaction.emoji) }));
  return { ...message, seq: messageSeq, reactions };
}

/** A message as it is after somebody has chosen an emoji or taken it back. The count is absolute: twice is once. */
export function withReaction(known: Message, change: ReactionChange, added: boolean, userId: string): Message {
  const { emoji, count } = change;
  const before = known.reactions.find((reaction) => reaction.emoji === emoji);
  const now = { emoji, count, me: change.userId === userId ? added : (before?.me ?? false) };
  const reactions = before
    ? known.reactions.map((reaction) => (reaction === before ? now : reaction))
    : [...known.reactions, now];
  return { ...known, reactions: reactions.filter((reaction) => reaction.count > 0) };
}
