import { toasts } from "@natter/ui";
import { failure } from "./failure.ts";
import { m } from "./i18n.svelte.ts";

/** Does something that a button asked for. Where that fails, a toast says why; answers whether it was done. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const { text, requestId, fields } = failure(error);
    const why = [text, ...Object.values(fields), ...(requestId === undefined ? [] : [m.requestId({ id: requestId })])];
    toasts.show({ text: why.join(" "), look: "danger" });
    return false;
  }
}
