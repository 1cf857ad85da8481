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

const known = new WeakMap<Account, Actions>();

/** Those of an account; wherever a conversation has a menu, it is the same. */
export function actionsOf(account: Account): Actions {
  const actions = known.get(account) ?? new Actions(account);
  known.set(account, actions);
  return actions;
}

/** What somebody can do with a conversation for themselves. It shows at once, and is taken back if the server refuses. */
export class Actions {
  readonly mutes: Mutes;

  constructor(private readonly account: Account) {
    this.mutes = new Mutes(account, (id) => account.conversations.updateMe(id, { muted: false }));
  }

  /** As a menu. Muting asks for how long, and leaving whether one means it. */
  menu(conversation: Conversation, asks: { howLong: () => void; whetherToLeave: () => void }): MenuItem[] {
    const { id, me, type, unreadCount } = conversation;
    const items: MenuItem[] = [
      {
        label: me.pinned ? m.unpinConversation : m.pinConversation,
        icon: me.pinned ? PinOff : Pin,
        onselect: () => void this.#change(id, { pinned: !me.pinned }),
      },
      me.muted
        ? { label: m.unmute, icon: Bell, onselect: () => void this.mute(conversation, false) }
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
      ...MUTE_HOURS.map((hours) => ({ label: m.muteHours({ hours }), onselect: () => void this.mute(conversation, true, hours) })),
      { label: m.muteForGood, onselect: () => void this.mute(conversation, true) },
    ];
  }

  /** Answers whether it was done. */
  async mute({ id }: Conversation, muted: boolean, hours?: number): Promise<boolean> {
    this.mutes.set(id, undefined);
    const done = await this.#change(id, { muted });
    if (done && hours !== undefined) this.mutes.set(id, hours);
    return done;
  }

  async archive({ id, title }: Conversation, archived: boolean): Promise<void> {
    if (!(await this.#change(id, { archived }))) return;
    toasts.show({
      text: archived ? m.archived({ title }) : m.unarchived({ title }),
      action: { label: m.undo, run: () => void this.#change(id, { archived: !archived }) },
    });
  }

  markRead({ id }: Conversation): Promise<boolean> {
    return attempt(() => this.#read(id));
  }

  /** Also what nobody has scrolled to. One after the other: a hundred requests at once would be refused. */
  async markAllRead(): Promise<void> {
    let some = false;
    const done = await attempt(async () => {
      let more = true;
      while (more) {
        const { data, meta } = await this.account.conversations.list({ unread: true });
        for (const { id } of data) await this.#read(id);
        some ||= data.length > 0;
        more = meta.hasMore;
      }
    });
    if (done && some) toasts.show({ text: m.allRead });
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

  #change(id: string, change: Partial<Conversation["me"]>): Promise<boolean> {
    return attempt(() => this.account.conversations.updateMe(id, change));
  }
}
