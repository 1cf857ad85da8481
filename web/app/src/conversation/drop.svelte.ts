import type { Attachment } from "svelte/attachments";

/** Files that are drawn over an element and let go there. */
export function fileDrop(take: (files: File[]) => void): { readonly over: boolean; readonly attach: Attachment<HTMLElement> } {
  // Entering a child comes before leaving its parent, so they are counted.
  let depth = $state(0);
  const files = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;

  const attach: Attachment<HTMLElement> = (element) => {
    const listening = new AbortController();
    const on = <K extends "dragenter" | "dragleave" | "dragover" | "drop">(type: K, work: (event: DragEvent) => void) => {
      const listen = (event: DragEvent) => {
        if (files(event)) work(event);
      };
      element.addEventListener(type, listen, { signal: listening.signal });
    };
    on("dragenter", () => (depth += 1));
    on("dragleave", () => (depth = Math.max(0, depth - 1)));
    on("dragover", (event) => event.preventDefault());
    on("drop", (event) => {
      event.preventDefault();
      depth = 0;
      const dropped = [...(event.dataTransfer?.files ?? [])];
      if (dropped.length > 0) take(dropped);
    });
    return () => listening.abort();
  };

  return {
    get over() {
      return depth > 0;
    },
    attach,
  };
}
