import type { Account, Conversation } from "@natter/sdk";
import { toasts, type MenuItem } from "@natter/ui";
import Archive from "@lucide/svelte/icons/archive";
import ArchiveRestore from "@lucide/svelte/icons/archive-restore";
import Bell from "@lucide/svelte/icons/bell";
import BellOff from "@lucide/svelte/icons/bell-off";
import CheckCheck from "@lucide/svelte/icons/check-check";
import LogOut from "@lucide/svelte/icons/log-out";
import Pin from "@lucide/svelte/icons/pin";
import PinOff from "@lucide/svelte/icons/pin-off";
import { attempt } from "../attempt.ts";
import { m } from "../i18n.svelte.ts";
import { paths, router } from "../router.svelte.ts";
import { MUTE_HOURS, Mutes } from "./mutes.ts";

/** What can be done with a conversation from the list. It shows at once, and is taken back if the server refuses. */
export class Actions {
  readonly mutes: Mutes;

  constructor(private readonly account: Account) {
    this.mutes = new Mutes(account, async (id) => {
      const me = await account.call("PATCH /conversations/{id}/me", { path: { id }, body: { muted: false } });
      const known = account.conversations.find(id);
      if (known) account.conversations.put({ ...known, me });
    });
  }

  /** As a menu. Muting asks for how long, and leaving whether one means it. */
  menu(conversation: Conversation, asks: { howLong: () => void; whetherToLeave: () => void }): MenuItem[] {
    const { me, type, unreadCount } = conversation;
    const items: MenuItem[] = [
      {
        label: me.pinned ? m.unpinConversation : m.pinConversation,
        icon: me.pinned ? PinOff : Pin,
        onselect: () => void this.#change(conversation, { pinned: !me.pinned }),
      },
      me.muted
        ? { label: m.unmute, icon: Bell, onselect: () => this.mute(conversation, false) }
        : { label: m.muteMenu, icon: BellOff, onselect: asks.howLong },
      {
        label: me.archived ? m.unarchive : m.archive,
        icon: me.archived ? ArchiveRestore : Archive,
        onselect: () => void this.archive(conversation, !me.archived),
      },
    ];
    if (unreadCount > 0) {
      items.push({ label: m.markRead, icon: CheckCheck, onselect: () => void this.markRead(conversation) });
    }
    if (type !== "direct") {
      items.push({ label: m.leave, icon: LogOut, danger: true, startsGroup: true, onselect: asks.whetherToLeave });
    }
    return items;
  }

  /** For how long one can mute. */
  muteMenu(conversation: Conversation): MenuItem[] {
    return [
      ...MUTE_HOURS.map((hours) => ({ label: m.muteHours({ hours }), onselect: () => this.mute(conversation, true, hours) })),
      { label: m.muteForGood, onselect: () => this.mute(conversation, true) },
    ];
  }

  mute(conversation: Conversation, muted: boolean, hours?: number): void {
    this.mutes.set(conversation.id, undefined);
    void this.#change(conversation, { muted }).then((done) => {
      if (done && hours !== undefined) this.mutes.set(conversation.id, hours);
    });
  }

  async archive(conversation: Conversation, archived: boolean): Promise<void> {
    if (!(await this.#change(conversation, { archived }))) return;
    toasts.show({
      text: archived ? m.archived({ title: conversation.title }) : m.unarchived({ title: conversation.title }),
      action: {
        label: m.undo,
        run: () => {
          const now = this.account.conversations.find(conversation.id);
          if (now) void this.#change(now, { archived: !archived });
        },
      },
    });
  }

  markRead({ id }: Conversation): Promise<boolean> {
    return attempt(() => this.#read(id));
  }

  /** One after the other: a hundred requests at once would be refused. */
  async markAllRead(): Promise<void> {
    const unread = this.account.conversations.get().items.filter(({ unreadCount }) => unreadCount > 0);
    if (unread.length === 0) return;
    const done = await attempt(async () => {
      for (const { id } of unread) await this.#read(id);
    });
    if (done) toasts.show({ text: m.allRead });
  }

  /** Fails if the server does not let one go. */
  async leave({ id }: Conversation): Promise<void> {
    // A page that shows it would ask for it once it is gone.
    if (router.route.page === "conversation" && router.route.id === id) router.go(paths.home, "replace");
    await this.account.call("POST /conversations/{id}/leave", { path: { id } });
    this.account.conversations.remove(id);
  }

  async #read(id: string): Promise<void> {
    const { lastReadSeq, unreadCount } = await this.account.call("POST /conversations/{id}/read", { path: { id }, body: {} });
    this.account.conversations.count({ conversationId: id, lastReadSeq, unreadCount, mentionCount: 0 });
  }

  async #change({ id, me: before }: Conversation, change: Partial<Conversation["me"]>): Promise<boolean> {
    const { conversations } = this.account;
    const put = (me: Partial<Conversation["me"]>) => {
      const known = conversations.find(id);
      if (known) conversations.put({ ...known, me: { ...known.me, ...me } });
    };
    put(change);
    const done = await attempt(async () => {
      put(await this.account.call("PATCH /conversations/{id}/me", { path: { id }, body: change }));
    });
    if (!done) put(Object.fromEntries(Object.keys(change).map((key) => [key, before[key as keyof typeof before]])));
    return done;
  }
}
