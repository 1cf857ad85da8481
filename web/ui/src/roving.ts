/** Where a key leads in a row or a column of things of which one has the focus; undefined when it leads nowhere. */
export function step(
  key: string,
  current: number,
  count: number,
  axis: "inline" | "block",
  rtl: boolean,
): number | undefined {
  if (count === 0) return undefined;
  const [back, on] = axis === "block" ? ["ArrowUp", "ArrowDown"] : rtl ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  switch (key) {
    case back:
      return (current + count - 1) % count;
    case on:
      return (current + 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/**
 * Makes what is inside one stop of the Tab key, in which arrows move: for toolbars and grids of one line. For
 * `{@attach roving()}`; the element has a role and a name of its own.
 */
export function roving(axis: "inline" | "block" = "inline"): (root: HTMLElement) => () => void {
  return (root) => {
    const stops = () => [...root.querySelectorAll<HTMLElement>("a[href], button:not(:disabled)")];
    /** One stop has a tabindex of 0: the one used last, or the first. */
    const settle = (wanted?: Element | null) => {
      const all = stops();
      const stop = all.find((one) => one === wanted) ?? all.find((one) => one.tabIndex === 0) ?? all[0];
      for (const one of all) one.tabIndex = one === stop ? 0 : -1;
    };
    const onfocusin = (event: FocusEvent) => settle(event.target as Element);
    const onkeydown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const all = stops();
      const current = all.findIndex((one) => one === document.activeElement);
      const rtl = getComputedStyle(root).direction === "rtl";
      const next = current < 0 ? undefined : step(event.key, current, all.length, axis, rtl);
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      all[next]?.focus();
    };
    settle(stops()[0]);
    const changed = new MutationObserver(() => settle());
    changed.observe(root, { childList: true, subtree: true, attributeFilter: ["disabled"] });
    root.addEventListener("focusin", onfocusin);
    root.addEventListener("keydown", onkeydown);
    return () => {
      changed.disconnect();
      root.removeEventListener("focusin", onfocusin);
      root.removeEventListener("keydown", onkeydown);
    };
  };
}
