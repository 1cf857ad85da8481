import { ChatError, NetworkError } from "@natter/sdk";
import { m } from "./i18n.svelte.ts";

/** What to tell somebody about an error. */
export interface Failure {
  text: string;
  /** Finds it in the server's logs, where only they can explain it. */
  requestId?: string;
  /** What is wrong with single fields of a form. */
  fields: Record<string, string>;
}

export function failure(error: unknown): Failure {
  if (error instanceof ChatError) {
    const fields = Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
    if (error.status < 500) return { text: error.message, fields };
    return { text: error.message, requestId: error.requestId, fields };
  }
  if (error instanceof NetworkError) return { text: m.noServer, fields: {} };
  // Not one of ours: show something, and leave the rest to whoever looks into the console.
  console.error(error);
  return { text: m.unexpected, fields: {} };
}

/** What is wrong with a form as a whole; nothing when single fields say it. */
export function general({ text, fields }: Failure): string | undefined {
  return Object.keys(fields).length === 0 ? text : undefined;
}

/** Takes somebody to the first field that is wrong, once it is shown as such. */
export function focusFirstError(form: HTMLFormElement) {
  requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid]")?.focus());
}
