/** Bytes of a file that are shown: what a person reads, and a browser lays out at once. */
export const TEXT_BYTES_MAX = 256 * 1024;

/** What a file looks like as text. `cut`: there is more of it. */
export type Look = { readonly kind: "text"; readonly text: string; readonly cut: boolean } | { readonly kind: "binary" };

/** Fetches the beginning of a file and reads it as text. Fails where it cannot be fetched. */
export async function look(url: string): Promise<Look> {
  const response = await fetch(url, { headers: { Range: `bytes=0-${TEXT_BYTES_MAX - 1}` }, cache: "no-store", credentials: "omit" });
  // Of an empty file there is no part.
  if (response.status === 416) return { kind: "text", text: "", cut: false };
  if (!response.ok) throw new Error(`The file was answered with ${response.status}.`);
  const content = new Uint8Array(await response.arrayBuffer());
  const size = Number(response.headers.get("Content-Range")?.split("/")[1] ?? content.length);
  return read(content.subarray(0, TEXT_BYTES_MAX), size > TEXT_BYTES_MAX);
}

/** Reads bytes as text, which is UTF-8 or UTF-16 with its mark; of what was cut, the last letter may be half. */
export function read(content: Uint8Array<ArrayBuffer>, cut: boolean): Look {
  const wide = content[0] === 0xff && content[1] === 0xfe ? "utf-16le" : content[0] === 0xfe && content[1] === 0xff ? "utf-16be" : undefined;
  try {
    const text = new TextDecoder(wide ?? "utf-8", { fatal: true }).decode(content, { stream: cut });
    return text.includes("\0") ? { kind: "binary" } : { kind: "text", text, cut };
  } catch {
    // Bytes that are no text.
    return { kind: "binary" };
  }
}
