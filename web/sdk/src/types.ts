/**
 * The vocabulary of the server, under its own names. `api.ts` is generated from the documents of the server's API and
 * sockets; nothing here describes a shape by hand.
 */
import type * as Api from "./api.ts";

type Schemas = Api.components["schemas"];

export type { ClientRequests, Endpoints } from "./api.ts";
/** Every shape of the server by its name: `Schemas["Member"]`. */
export type { Schemas };

export type AuthState = Schemas["AuthState"];
export type BlocksChange = Schemas["BlocksChange"];
export type Conversation = Schemas["Conversation"];
export type CreateConversation = Schemas["CreateConversation"];
export type ErrorCode = Schemas["ErrorCode"];
export type Event = Schemas["Event"];
export type EventBody = Schemas["EventBody"];
export type FieldError = Schemas["FieldError"];
export type LoginRequest = Schemas["LoginRequest"];
export type Me = Schemas["Me"];
export type MeChange = Schemas["MeChange"];
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
export type UpdateMe = Schemas["UpdateMe"];
export type User = Schemas["User"];
export type UserSummary = Schemas["UserSummary"];

/** A durable event: `seq` is its position in the log of its conversation. */
export type DurableEvent = EventBody & { conversationId: string; seq: number };

/** What listeners can hear of. The entries of the logs come once and in order; of the others the latest state counts. */
export type ServerEvents = Omit<Api.ServerEvents, "ready" | "sync.events" | "sync.lagging">;

/** One page of a list. */
export interface Page<T> {
  data: T[];
  meta: Schemas["PageMeta"];
}
