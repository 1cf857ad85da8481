/**
 * A client for Natter, for browsers and Node, without dependencies.
 *
 * Invariant: what the server acknowledged is shown exactly once and in order; what it did not acknowledge is kept and
 * repeated under the same key. {@link connect} is the way in for users of a host application, {@link Client} for people
 * with a password.
 */
export { Account, type ConnectionState } from "./account.ts";
export { Client, connect, type ClientOptions, type ConnectOptions } from "./client.ts";
export type { Cache } from "./cache.ts";
export { type ConversationList, type Conversations } from "./conversations.ts";
export { defaultEnvironment, type Environment, type Socket } from "./environment.ts";
export { ChatError, isNotFound, isRetriable, NetworkError, SignedOutError } from "./errors.ts";
export type { TokenFunction } from "./guest.ts";
export { DiscardedError } from "./outbox.ts";
export type { Draft, OutgoingFile, Sending } from "./outgoing.ts";
export type { People } from "./presence.ts";
export type { Timeline } from "./feed.ts";
export type { Room } from "./room.ts";
export { indexedDbStore, memoryStore, type Store } from "./store.ts";
export type { Thread } from "./thread.ts";
export type { TimelineItem } from "./timeline.ts";
export type * from "./types.ts";
export type { UploadOptions } from "./upload.ts";
export { Value, type Readable } from "./value.ts";
