/** A key with what is held with it, as `Mod+K` names it: Mod is Ctrl, or ⌘ on a Mac. */
export interface Chord {
  key: string;
  mod: boolean;
  alt: boolean;
  shift: boolean;
}

export const isApple = /mac|iphone|ipad/i.test(typeof navigator === "undefined" ? "" : navigator.platform);

export function chord(keys: string): Chord {
  // The last plus of "Mod++" is a key.
  const parts = keys.split(/\+(?!$)/);
  const key = parts.pop() ?? "";
  return { key: key.toLowerCase(), mod: parts.includes("Mod"), alt: parts.includes("Alt"), shift: parts.includes("Shift") };
}

export type Pressed = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** Whether these are the keys. */
export function matches(event: Pressed, { key, mod, alt, shift }: Chord, apple = isApple): boolean {
  if ((apple ? event.metaKey : event.ctrlKey) !== mod || (apple ? event.ctrlKey : event.metaKey)) return false;
  if (event.altKey !== alt) return false;
  const letter = /^[a-z]$/.test(key);
  // Where a sign needs Shift depends on the keyboard.
  if ((letter || key.length > 1) && event.shiftKey !== shift) return false;
  // An Arabic or Greek keyboard has other letters in the same places; a Latin one may have the same in other places.
  if (letter && !/^[a-z]$/i.test(event.key)) return event.code === `Key${key.toUpperCase()}`;
  return event.key.toLowerCase() === key;
}
