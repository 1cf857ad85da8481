/**
 * The vocabulary of the server, under its own names. `api.ts` is generated from the server's OpenAPI document;
 * nothing here describes a shape by hand.
 */
import type { components } from "./api.ts";

type Schemas = components["schemas"];

export type AuthState = Schemas["AuthState"];
export type Conversation = Schemas["Conversation"];
export type CreateConversation = Schemas["CreateConversation"];
export type ErrorCode = Schemas["ErrorCode"];
export type Event = Schemas["Event"];
export type EventBody = Schemas["EventBody"];
export type FieldError = Schemas["FieldError"];
export type LoginRequest = Schemas["LoginRequest"];
export type Message = Schemas["Message"];
export type MessageChange = Schemas["MessageChange"];
export type MessageDraft = Schemas["MessageDraft"];
export type Presence = Schemas["Presence"];
export type PresenceChange = Schemas["PresenceChange"];
export type PresenceState = Schemas["PresenceState"];
export type Problem = Schemas["Problem"];
export type ReactionChange = Schemas["ReactionChange"];
export type ReadReceipt = Schemas["ReadReceipt"];
export type ReadState = Schemas["ReadState"];
export type Ready = Schemas["Ready"];
export type RegisterRequest = Schemas["RegisterRequest"];
export type SendMessage = Schemas["SendMessage"];
export type SignIn = Schemas["SignIn"];
export type SyncDone = Schemas["SyncDone"];
export type SyncEvents = Schemas["SyncEvents"];
export type SyncLagging = Schemas["SyncLagging"];
export type SyncRemoved = Schemas["SyncRemoved"];
export type SyncReset = Schemas["SyncReset"];
export type SyncResume = Schemas["SyncResume"];
export type Ticket = Schemas["Ticket"];
export type Tokens = Schemas["Tokens"];
export type TypingIndicator = Schemas["TypingIndicator"];
export type UnreadChange = Schemas["UnreadChange"];
export type User = Schemas["User"];
export type UserSummary = Schemas["UserSummary"];

/** A durable event: `seq` is its position in the log of its conversation. */
export type DurableEvent = EventBody & { conversationId: string; seq: number };

/** What a socket says, by its type. The first are the entries of the logs; of the others only the latest state counts. */
export type ServerEvents = { [E in EventBody as E["type"]]: E["payload"] } & {
  "message.read_receipt": ReadReceipt;
  "presence.changed": PresenceChange;
  "typing.indicator": TypingIndicator;
  "unread.changed": UnreadChange;
  /** Too much was missed to be told event by event, or the log is another one: load the conversation anew. */
  "sync.reset": SyncReset;
  /** The user is not in this conversation any more. */
  "sync.removed": SyncRemoved;
};

/** What a socket can be asked for, by its type: what it takes, and what it answers. */
export interface ClientRequests {
  "auth.refresh": [Schemas["AuthRefresh"], AuthState];
  "conversation.join": [Schemas["ConversationRef"], Conversation];
  "conversation.leave": [Schemas["ConversationRef"], object];
  "message.delete": [Schemas["MessageRef"], Message];
  "message.edit": [Schemas["EditMessage"], Message];
  "message.forward": [Schemas["ForwardMessage"], Message[]];
  "message.read": [Schemas["MarkRead"], ReadState];
  "message.send": [SendMessage, Message];
  "presence.update": [Schemas["PresenceUpdate"], object];
  "presence.watch": [Schemas["PresenceWatch"], PresenceState];
  "reaction.add": [Schemas["ReactionRequest"], Message];
  "reaction.remove": [Schemas["ReactionRequest"], Message];
  "sync.resume": [SyncResume, SyncDone];
  "typing.start": [Schemas["ConversationRef"], object];
  "typing.stop": [Schemas["ConversationRef"], object];
}

/** One page of a list. */
export interface Page<T> {
  data: T[];
  meta: Schemas["PageMeta"];
}
