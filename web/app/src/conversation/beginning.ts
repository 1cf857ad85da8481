import type { Account, Room } from "@natter/sdk";

/** Events that are looked through for the first unread message. */
const EVENTS_MAX = 100;

/**
 * Brings the messages that a conversation opens with: those around the message that was asked for, else those where
 * the reader left off, else the newest. Answers up to where everything was read, if something was not.
 */
export async function beginning(
  account: Account,
  room: Room,
  messageId: string | undefined,
): Promise<{ readSeq: number | undefined }> {
  // What is kept on the device is shown without waiting for the server.
  void room.open();
  await settled(room);
  if (room.timeline.get().phase === "failed") return { readSeq: undefined };
  if (messageId !== undefined) {
    // Whether there is such a message is said where it is shown.
    await room.around(messageId).catch(() => undefined);
    return { readSeq: undefined };
  }
  const { unreadCount, me } = account.conversations.find(room.id) ?? (await account.conversations.fetch(room.id));
  if (unreadCount === 0) {
    await room.latest();
    return { readSeq: undefined };
  }
  const { items, hasOlder } = room.timeline.get();
  const oldest = items.find(({ message }) => message)?.message?.seq ?? 0;
  if (oldest <= me.lastReadSeq + 1 || !hasOlder) return { readSeq: me.lastReadSeq };
  // It is further back than what was fetched: the log tells which message it is.
  const first = await firstUnread(account, room.id, me.lastReadSeq).catch(() => undefined);
  if (first !== undefined) await room.around(first).catch(() => undefined);
  return { readSeq: me.lastReadSeq };
}

async function firstUnread(account: Account, id: string, readSeq: number): Promise<string | undefined> {
  const query = { after: readSeq, limit: EVENTS_MAX };
  const page = await account.call("GET /conversations/{id}/events", { path: { id }, query });
  for (const event of page.data) {
    if (event.type === "message.new" && event.payload.sender.id !== account.user.id) return event.payload.id;
  }
  return undefined;
}

/** Until there is something to show, or a reason why not. */
function settled({ timeline }: Room): Promise<void> {
  return new Promise((resolve) => {
    const stop = timeline.subscribe(({ phase }) => {
      if (phase === "loading") return;
      resolve();
      // The first call comes before there is something to stop.
      queueMicrotask(() => stop());
    });
  });
}
