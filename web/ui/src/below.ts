/** What lies at the lower edge of the window, and is written in. */
const below = new Set<HTMLElement>();

/** An attachment for what toasts must not cover: they stand above it, however high it grows. */
export function belowToasts(element: HTMLElement): () => void {
  const sizes = new ResizeObserver(measure);
  below.add(element);
  sizes.observe(element);
  return () => {
    sizes.disconnect();
    below.delete(element);
    measure();
  };
}

function measure(): void {
  const highest = Math.max(0, ...[...below].map(({ offsetHeight }) => offsetHeight));
  document.documentElement.style.setProperty("--below-toasts", `${highest}px`);
}
