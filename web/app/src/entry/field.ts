/** What a username and a password must be like, as the server has it. */
const USERNAME = /^[a-z0-9][a-z0-9_.-]{1,31}$/i;
const PASSWORD_MIN = 8;
const PASSWORD_MAX = 256;
export const DISPLAY_NAME_MAX = 64;

export const isUsername = (text: string): boolean => USERNAME.test(text.trim());

/** Counted as the server counts, by characters and not by units of UTF-16. */
export function isPassword(text: string): boolean {
  const length = [...text].length;
  return length >= PASSWORD_MIN && length <= PASSWORD_MAX;
}
