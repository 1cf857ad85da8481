import { ChatError, NetworkError, type ErrorCode } from "@natter/sdk";
import { m } from "./i18n.svelte.ts";

/** What to tell somebody about an error. */
export interface Failure {
  text: string;
  /** Finds it in the server's logs, where only they can explain it. */
  requestId?: string;
  /** What is wrong with single fields of a form. */
  fields: Record<string, string>;
  /** From when on it is worth another try, in milliseconds since 1970. */
  notBefore?: number;
}

export function failure(error: unknown): Failure {
  if (error instanceof ChatError) {
    const fields = Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
    const found: Failure = { text: words(error.code) ?? error.message, fields };
    if (error.status >= 500) found.requestId = error.requestId;
    if (error.retryAfterMs > 0) found.notBefore = Date.now() + error.retryAfterMs;
    return found;
  }
  if (error instanceof NetworkError) return { text: m.noServer, fields: {} };
  // Not one of ours: show something, and leave the rest to whoever looks into the console.
  console.error(error);
  return { text: m.unexpected, fields: {} };
}

/** What people run into, in their language. Of the rest the server's own words are better than general ones. */
function words(code: ErrorCode): string | undefined {
  switch (code) {
    case "invalid_credentials":
      return m.wrongPassword;
    case "username_taken":
      return m.usernameTaken;
    case "registration_closed":
      return m.registrationClosed;
    case "account_disabled":
      return m.accountDisabled;
    case "rate_limited":
      return m.tooOften;
    case "forbidden":
      return m.notAllowed;
    case "blocked":
      return m.blockedBetween;
    case "not_found":
      return m.notFound;
    case "invite_not_valid":
      return m.inviteNotValid;
    case "conversation_not_active":
      return m.conversationClosed;
    case "would_lock_you_out":
      return m.lastOwner;
    case "unavailable":
    case "outcome_unknown":
    case "internal":
      return m.serverTrouble;
    default:
      return undefined;
  }
}

/** What is wrong with a form as a whole; nothing when single fields say it. */
export function general({ text, fields }: Failure): string | undefined {
  return Object.keys(fields).length === 0 ? text : undefined;
}

/** Takes somebody to the first field that is wrong, once it is shown as such. */
export function focusFirstError(form: HTMLFormElement) {
  requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid]")?.focus());
}
