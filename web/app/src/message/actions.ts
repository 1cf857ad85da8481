import type { Message, TimelineItem } from "@natter/sdk";
import { toasts, type MenuItem } from "@natter/ui";
import Check from "@lucide/svelte/icons/check-check";
import Copy from "@lucide/svelte/icons/copy";
import Forward from "@lucide/svelte/icons/forward";
import History from "@lucide/svelte/icons/history";
import Link from "@lucide/svelte/icons/link";
import MessagesSquare from "@lucide/svelte/icons/messages-square";
import Pencil from "@lucide/svelte/icons/pencil";
import Pin from "@lucide/svelte/icons/pin";
import PinOff from "@lucide/svelte/icons/pin-off";
import Reply from "@lucide/svelte/icons/reply";
import RotateCw from "@lucide/svelte/icons/rotate-cw";
import SmilePlus from "@lucide/svelte/icons/smile-plus";
import Trash from "@lucide/svelte/icons/trash-2";
import X from "@lucide/svelte/icons/x";
import Users from "@lucide/svelte/icons/users";
import { attempt } from "../attempt.ts";
import { may, type Right } from "../details/rights.ts";
import { m } from "../i18n.svelte.ts";
import { paths, router } from "../router.svelte.ts";
import { deletions } from "./deletions.svelte.ts";
import type { Desk } from "./desk.svelte.ts";
import { giveUp } from "./give-up.ts";

/** Something that can be done to a message. The toolbar, the menus and the keyboard all come from the table below. */
export interface Action {
  readonly id: string;
  readonly label: () => string;
  readonly icon: NonNullable<MenuItem["icon"]>;
  /** As `KeyboardEvent.key` has it, in lower case. */
  readonly key?: string;
  /** Also in the toolbar. */
  readonly atHand?: boolean;
  readonly danger?: boolean;
  readonly startsGroup?: boolean;
  allowed(item: TimelineItem, desk: Desk): boolean;
  /** @param element The message as it is shown. */
  run(item: TimelineItem, desk: Desk, element: HTMLElement): void;
}

/** An action on a message that the server has, and that still says something. */
interface SentAction extends Omit<Action, "allowed" | "run"> {
  allowed?(message: Message, desk: Desk): boolean;
  run(message: Message, desk: Desk, element: HTMLElement): void;
}

export const ACTIONS: readonly Action[] = [
  onSent({
    id: "react",
    label: () => m.react,
    icon: SmilePlus,
    key: "+",
    atHand: true,
    allowed: (_, desk) => mayHere(desk, "write"),
    // Beside what was said: the message itself is as wide as the list.
    run: (message, desk, element) =>
      (desk.above = { kind: "emoji", message, anchor: element.querySelector<HTMLElement>(".bubble") ?? element }),
  }),
  onSent({
    id: "reply",
    label: () => m.reply,
    icon: Reply,
    key: "r",
    atHand: true,
    allowed: (_, desk) => mayHere(desk, "write"),
    run: (message, desk) => (desk.mode = { kind: "reply", message }),
  }),
  onSent({
    id: "thread",
    label: () => m.replyInThread,
    icon: MessagesSquare,
    key: "t",
    atHand: true,
    allowed: (message, desk) => desk.threadId === undefined && (mayHere(desk, "write") || message.replyCount > 0),
    run: (message) => openThread(message),
  }),
  onSent({
    id: "forward",
    label: () => m.forward,
    icon: Forward,
    key: "f",
    run: (message, desk) => (desk.above = { kind: "forward", message }),
  }),
  onSent({
    id: "edit",
    label: () => m.edit,
    icon: Pencil,
    key: "e",
    allowed: (message, desk) => isOwn(message, desk) && mayHere(desk, "write") && message.kind === "text" && !message.forwardedFrom,
    run: (message, desk) => (desk.mode = { kind: "edit", message }),
  }),
  onSent({
    id: "copyText",
    label: () => m.copyText,
    icon: Copy,
    startsGroup: true,
    allowed: (message) => message.content !== "" && window.isSecureContext,
    run: (message) => void copy(message.content),
  }),
  onSent({
    id: "copyLink",
    label: () => m.copyLink,
    icon: Link,
    allowed: () => window.isSecureContext,
    run: ({ conversationId, id }) => void copy(location.origin + paths.message(conversationId, id)),
  }),
  onSent({
    id: "pin",
    label: () => m.pinMessage,
    icon: Pin,
    allowed: (message, desk) => !message.pinnedAt && mayHere(desk, "pin"),
    run: ({ id }, desk) => void attempt(() => desk.account.call("PUT /messages/{id}/pin", { path: { id } })),
  }),
  onSent({
    id: "unpin",
    label: () => m.unpinMessage,
    icon: PinOff,
    allowed: (message, desk) => Boolean(message.pinnedAt) && mayHere(desk, "pin"),
    run: ({ id }, desk) => void attempt(() => desk.account.call("DELETE /messages/{id}/pin", { path: { id } })),
  }),
  onSent({
    id: "readers",
    label: () => m.seenBy,
    icon: Check,
    startsGroup: true,
    allowed: (message, desk) => isOwn(message, desk) && desk.conversation?.type !== "direct",
    run: (message, desk) => (desk.above = { kind: "readers", message }),
  }),
  onSent({
    id: "reactors",
    label: () => m.whoReacted,
    icon: Users,
    allowed: (message) => message.reactions.length > 0,
    run: (message, desk) => (desk.above = { kind: "reactors", message }),
  }),
  onSent({
    id: "versions",
    label: () => m.earlierVersions,
    icon: History,
    allowed: (message, desk) => Boolean(message.editedAt) && seesVersions(desk),
    run: (message, desk) => (desk.above = { kind: "versions", message }),
  }),
  {
    id: "retry",
    label: () => m.retry,
    icon: RotateCw,
    allowed: ({ status }) => status === "failed",
    run: ({ key }, desk) => desk.stream.retry(key),
  },
  {
    id: "cancel",
    label: () => m.cancelSending,
    icon: X,
    danger: true,
    allowed: ({ status }) => status === "queued",
    run: giveUp,
  },
  {
    id: "discard",
    label: () => m.discard,
    icon: Trash,
    key: "delete",
    danger: true,
    allowed: ({ status }) => status === "failed",
    run: giveUp,
  },
  onSent({
    id: "delete",
    label: () => m.deleteMessage,
    icon: Trash,
    key: "delete",
    danger: true,
    startsGroup: true,
    allowed: (message, desk) => isOwn(message, desk) || mayHere(desk, "moderate"),
    run: (message, desk) => {
      if (desk.mode.kind !== "new" && desk.mode.message.id === message.id) desk.mode = { kind: "new" };
      deletions.schedule(desk.account, message);
    },
  }),
];

/** What can be done to this message, here and now. */
export function actionsFor(item: TimelineItem, desk: Desk): Action[] {
  return ACTIONS.filter((action) => action.allowed(item, desk));
}

/** The same for a menu. */
export function menuFor(item: TimelineItem, desk: Desk, elementOf: (key: string) => HTMLElement, singleKeys: boolean): MenuItem[] {
  return actionsFor(item, desk).map((action, index) => ({
    label: action.label(),
    icon: action.icon,
    danger: action.danger,
    startsGroup: index > 0 && action.startsGroup,
    hint: hint(action, singleKeys),
    onselect: () => action.run(item, desk, elementOf(item.key)),
  }));
}

/** The action that a key stands for on a message that has the focus. */
export function actionOf(event: KeyboardEvent, item: TimelineItem, desk: Desk, singleKeys: boolean): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (key.length === 1 && !singleKeys) return undefined;
  return ACTIONS.find((action) => action.key === key && action.allowed(item, desk));
}

export function openThread({ id, threadId }: Pick<Message, "id" | "threadId">): void {
  const { route } = router;
  const messageId = threadId ?? id;
  if (route.page === "conversation" && route.side?.pane === "thread" && route.side.messageId === messageId) return;
  router.beside({ pane: "thread", messageId });
}

function onSent(action: SentAction): Action {
  return {
    ...action,
    allowed: ({ message }, desk) =>
      message !== undefined &&
      message.kind !== "system" &&
      !message.deletedAt &&
      !deletions.has(message.id) &&
      (action.allowed?.(message, desk) ?? true),
    run: ({ message }, desk, element) => {
      if (message) action.run(message, desk, element);
    },
  };
}

function hint({ key }: Action, singleKeys: boolean): string | undefined {
  if (key === undefined || (key.length === 1 && !singleKeys)) return undefined;
  return key === "delete" ? m.deleteKey : key.toUpperCase();
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.show({ text: m.copied, seconds: 3 });
  } catch {
    toasts.show({ text: m.notCopied, look: "danger" });
  }
}

function isOwn(message: Message, desk: Desk): boolean {
  return message.sender.id === desk.me;
}

function mayHere({ conversation }: Desk, right: Right): boolean {
  return conversation !== undefined && may(conversation, right);
}

/** Who watches over the whole installation sees it wherever they are a member. */
function seesVersions(desk: Desk): boolean {
  return mayHere(desk, "moderate") || desk.account.user.role !== "user";
}
