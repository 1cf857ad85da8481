/**
 * A client for Natter, for browsers and Node, without dependencies.
 *
 * Invariant: what the server acknowledged is shown exactly once and in order; what it did not acknowledge is kept and
 * repeated under the same key. {@link Client} is the way in.
 */
export { Account, type ConnectionState } from "./account.ts";
export { Client, type ClientOptions } from "./client.ts";
export { isNotFound, type ConversationList } from "./conversations.ts";
export { defaultEnvironment, type Environment } from "./environment.ts";
export { ChatError, isRetriable, NetworkError, SignedOutError } from "./errors.ts";
export { Room, type Timeline } from "./room.ts";
export { indexedDbStore, memoryStore, type Store } from "./store.ts";
export type { TimelineItem } from "./timeline.ts";
export type * from "./types.ts";
export { Value, type Readable } from "./value.ts";
