/** The side of its anchor on which something opens. */
export type Placement = "block-start" | "block-end" | "inline-start" | "inline-end";

/** A rectangle, measured from where lines begin: the same for both directions of writing. */
export interface Box {
  inline: number;
  block: number;
  inlineSize: number;
  blockSize: number;
}

/** Between what opens and its anchor. */
const GAP_PX = 4;
/** Between what opens and the edge of the window. */
const MARGIN_PX = 8;

/**
 * Where something of this size goes: beside its anchor on the side that was asked for; on the opposite side where it
 * fits only there; and in view in any case.
 */
export function place(
  anchor: Box,
  size: { inlineSize: number; blockSize: number },
  view: { inlineSize: number; blockSize: number },
  placement: Placement,
): { inline: number; block: number } {
  const inline = { start: anchor.inline, end: anchor.inline + anchor.inlineSize, size: size.inlineSize, view: view.inlineSize };
  const block = { start: anchor.block, end: anchor.block + anchor.blockSize, size: size.blockSize, view: view.blockSize };
  switch (placement) {
    case "block-start":
    case "block-end":
      return { inline: along(inline), block: beside(block, placement === "block-end") };
    case "inline-start":
    case "inline-end":
      return { inline: beside(inline, placement === "inline-end"), block: along(block) };
  }
}

interface Axis {
  start: number;
  end: number;
  size: number;
  view: number;
}

/** On the axis on which it stands beside the anchor: after it or before it. */
function beside({ start, end, size, view }: Axis, after: boolean): number {
  const fitsAfter = end + GAP_PX + size <= view - MARGIN_PX;
  const fitsBefore = start - GAP_PX - size >= MARGIN_PX;
  const goesAfter = after ? fitsAfter || !fitsBefore : fitsAfter && !fitsBefore;
  return inView(goesAfter ? end + GAP_PX : start - GAP_PX - size, size, view);
}

/** On the other axis: starts align, or else ends. */
function along({ start, end, size, view }: Axis): number {
  return inView(start + size <= view - MARGIN_PX ? start : end - size, size, view);
}

function inView(wish: number, size: number, view: number): number {
  return Math.max(MARGIN_PX, Math.min(wish, view - MARGIN_PX - size));
}

/** A rectangle of the screen as a box. */
export function boxOf(rect: { left: number; right: number; top: number; bottom: number }, rtl: boolean, viewWidth: number): Box {
  return {
    inline: rtl ? viewWidth - rect.right : rect.left,
    block: rect.top,
    inlineSize: rect.right - rect.left,
    blockSize: rect.bottom - rect.top,
  };
}
