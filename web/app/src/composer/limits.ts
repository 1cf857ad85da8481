/** What the server takes by itself; an operator may have chosen another size. */
const FILE_BYTES_USUAL = 10 * 1024 * 1024;
/** `MESSAGE_ATTACHMENTS_MAX` of the protocol. */
export const FILES_MAX = 10;
/** `MESSAGE_CHARS_MAX`: Unicode characters. */
export const CHARACTERS_MAX = 16_000;
/** `VOICE_SECONDS_MAX`. */
export const VOICE_SECONDS_MAX = 15 * 60;
/** `SCHEDULE_SECONDS_MAX`. */
export const SCHEDULE_DAYS_MAX = 366;

/** Nobody waits longer to see a file in the tray; the server checks again. */
const ASK_MS_MAX = 3_000;

let asked: Promise<number> | undefined;

/** The size of the largest file that the server takes. Its tus interface says so in a header. */
export function fileBytesMax(): Promise<number> {
  asked ??= fetch("/api/v1/files/uploads", { method: "OPTIONS", signal: AbortSignal.timeout(ASK_MS_MAX) })
    .then(({ headers }) => Number(headers.get("Tus-Max-Size")) || FILE_BYTES_USUAL)
    .catch(() => {
      asked = undefined;
      return FILE_BYTES_USUAL;
    });
  return asked;
}
