import type { ErrorCode, Message, MessageDraft, Schemas } from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** What somebody writes. */
export interface Draft extends Pick<MessageDraft, "content" | "replyTo" | "threadId"> {
  /** `voice` has one file of sound, and no text. */
  readonly kind?: "text" | "voice";
  /** Files that were uploaded before: as the upload answered them, so that they can be shown meanwhile, or their ids. */
  readonly attachments?: readonly (Schemas["File"] | string)[];
  /** Files that are kept here and uploaded before the message is sent. */
  readonly files?: readonly { readonly name: string; readonly blob: Blob }[];
}

/** A send under way. Whoever does not wait for it need not look: the timeline says the same. */
export interface Sending {
  /** The key of the message in the timeline. */
  readonly key: string;
  /** The message, once it is committed; fails when it is refused for good or given up. */
  readonly sent: Promise<Message>;
}

/** A message on its way to the server. */
export interface Outgoing extends Readonly<Omit<Draft, "files">> {
  readonly content: string;
  readonly files?: readonly OutgoingFile[];
  /** Recognises a repeat, so that the message lands exactly once. */
  readonly clientMessageId: string;
  readonly conversationId: string;
  /** By the clock of this device; the server's replaces it. */
  readonly createdAt: string;
  /** Why it will not be tried again, unless somebody asks for it. */
  readonly failure?: string;
  /** The same for programs, if it was the server that refused. */
  readonly failureCode?: ErrorCode;
}

/** A file that waits to be uploaded, or is under way. */
export interface OutgoingFile {
  readonly name: string;
  /** As the browser has it, which is by its name; the server looks inside. */
  readonly type: string;
  readonly size: number;
  readonly blob: Blob;
  /** How much of it has arrived, from 0 to 1. */
  readonly progress: Readable<number>;
  /** Whether it is this one that the server does not take. */
  readonly refused: boolean;
}

interface KeptFile {
  readonly name: string;
  readonly blob: Blob;
  readonly refused?: boolean;
}

/** A message on its way, as it is kept. */
export type KeptOutgoing = Omit<Outgoing, "files"> & { readonly files?: readonly KeptFile[] };

/** The server does not take the file at this place of a message. */
export class RefusedFile extends Error {
  constructor(
    readonly index: number,
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

export function outgoing({ files, ...message }: KeptOutgoing): Outgoing {
  return files?.length ? { ...message, files: files.map(outgoingFile) } : message;
}

export function kept({ files, ...message }: Outgoing): KeptOutgoing {
  return files ? { ...message, files: files.map(({ name, blob, refused }) => ({ name, blob, refused })) } : message;
}

function outgoingFile({ name, blob, refused = false }: KeptFile): OutgoingFile {
  return { name, type: blob.type, size: blob.size, blob, progress: new Value(0), refused };
}
