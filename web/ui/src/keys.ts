/** Whether this is a computer whose keyboard has ⌘. */
export function hasCommandKey(): boolean {
  return /Mac|iP(hone|ad|od)/u.test(navigator.platform);
}

const APPLE: Readonly<Record<string, string>> = { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Enter: "↩", Delete: "⌫" };
const OTHERS: Readonly<Record<string, string>> = { Mod: "Ctrl", Escape: "Esc", Delete: "Del" };
const EVERYWHERE: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** What is printed on the keys of "Mod+Shift+K". A plus that is a key is the last. */
export function keyCaps(keys: string, apple = hasCommandKey()): string[] {
  const names = keys === "+" ? ["+"] : keys.endsWith("++") ? [...keys.slice(0, -2).split("+"), "+"] : keys.split("+");
  return names.map((name) => (apple ? APPLE : OTHERS)[name] ?? EVERYWHERE[name] ?? (name.length === 1 ? name.toUpperCase() : name));
}
