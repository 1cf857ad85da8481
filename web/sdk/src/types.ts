/**
 * The vocabulary of the server, under its own names. `api.ts` is generated from the server's OpenAPI document;
 * nothing here describes a shape by hand.
 */
import type { components } from "./api.ts";

type Schemas = components["schemas"];

export type Conversation = Schemas["Conversation"];
export type CreateConversation = Schemas["CreateConversation"];
export type ErrorCode = Schemas["ErrorCode"];
export type Event = Schemas["Event"];
export type EventBody = Schemas["EventBody"];
export type FieldError = Schemas["FieldError"];
export type LoginRequest = Schemas["LoginRequest"];
export type Message = Schemas["Message"];
export type MessageChange = Schemas["MessageChange"];
export type Problem = Schemas["Problem"];
export type ReactionChange = Schemas["ReactionChange"];
export type Ready = Schemas["Ready"];
export type RegisterRequest = Schemas["RegisterRequest"];
export type SendMessage = Schemas["SendMessage"];
export type SignIn = Schemas["SignIn"];
export type SyncLagging = Schemas["SyncLagging"];
export type Ticket = Schemas["Ticket"];
export type Tokens = Schemas["Tokens"];
export type User = Schemas["User"];
export type UserSummary = Schemas["UserSummary"];

/** A durable event as a socket or the log brings it. */
export type DurableEvent = EventBody & { seq: number };

/** One page of a list. */
export interface Page<T> {
  data: T[];
  meta: Schemas["PageMeta"];
}
