import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from "@tanstack/virtual-core";
import { untrack } from "svelte";

export type Align = "start" | "center" | "end" | "auto";

export interface VirtualOptions {
  count: number;
  key: (index: number) => string;
  /** Height of a row that was not measured yet. */
  estimate: number;
  /** The end that stays where it is while rows come and go. */
  anchor: "start" | "end";
  scroller: HTMLElement | undefined;
}

/** How far from an end counts as being there. */
export const END_PX = 48;
const OVERSCAN = 8;
/** Room above the first and below the last row. */
const PADDING_PX = 8;

type Rows = Virtualizer<HTMLElement, HTMLElement>;

/** TanStack's virtualizer as runes: reads its options reactively, and tells when the rows to render are others. */
export class VirtualRows {
  // Only its identity counts: a new object means that the virtualizer has something else to say.
  #change = $state.raw({});
  readonly #virtualizer: Rows;

  /** Must be called while a component is set up. */
  constructor(options: () => VirtualOptions) {
    const full = ({ count, key, estimate, anchor }: VirtualOptions) => ({
      count,
      getItemKey: key,
      estimateSize: () => estimate,
      anchorTo: anchor,
      scrollEndThreshold: END_PX,
      overscan: OVERSCAN,
      paddingStart: PADDING_PX,
      paddingEnd: PADDING_PX,
      // Asked when it is needed: it is not there yet while the component is set up.
      getScrollElement: () => untrack(options).scroller ?? null,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      measureElement: measured,
      onChange: () => (this.#change = {}),
    });
    this.#virtualizer = new Virtualizer<HTMLElement, HTMLElement>(full(untrack(options)));
    // What changes above the view moves nothing in view. The virtualizer's own rule makes an exception while one
    // scrolls up, and then pictures that arrive above push away what is being read.
    // The whole of a row that is only estimated counts as above when its start is.
    this.#virtualizer.shouldAdjustScrollPositionOnItemSizeChange = ({ key, start, end }, _delta, { itemSizeCache, scrollOffset }) => {
      const edge = scrollOffset ?? 0;
      return itemSizeCache.has(key) ? end <= edge : start < edge;
    };

    // Before the DOM changes the virtualizer learns of the new rows; afterwards it puts the scroll position right.
    $effect.pre(() => {
      const next = full(options());
      untrack(() => {
        this.#virtualizer.setOptions(next);
        this.#change = {};
      });
    });
    $effect(() => {
      const { anchor, scroller } = options();
      void this.#change;
      untrack(() => {
        if (anchor === "end" && scroller) this.#beginAtEnd();
        this.#virtualizer._willUpdate();
      });
    });
    $effect(() => this.#virtualizer._didMount());
  }

  /**
   * A list that opens at its end has no use for the rows at its beginning: they are not even rendered. This is beyond the
   * end, so that the virtualizer waits for the list to be scrolled there before it makes up for what it measures.
   */
  #beginAtEnd(): void {
    if (!this.#virtualizer.scrollElement) this.#virtualizer.scrollOffset = this.#virtualizer.getTotalSize();
  }

  /** The rows to render. */
  get rows(): VirtualItem[] {
    void this.#change;
    return this.#virtualizer.getVirtualItems();
  }

  /** Where a row is that need not be among those to render. */
  at(index: number): VirtualItem | undefined {
    void this.#change;
    return this.#virtualizer.measurementsCache[index];
  }

  /** Height of all rows. */
  get height(): number {
    void this.#change;
    return this.#virtualizer.getTotalSize();
  }

  /** The rows in view, without those rendered ahead. */
  get visible(): { startIndex: number; endIndex: number } | null {
    void this.#change;
    return this.#virtualizer.range;
  }

  /** The last row that is in view to its end, or the one right above the view. */
  get lastSeen(): number {
    void this.#change;
    const { range, scrollOffset, scrollRect, measurementsCache } = this.#virtualizer;
    if (!range) return -1;
    // Parts of a pixel are left where the view is scrolled to whole ones.
    const bottom = (scrollOffset ?? 0) + (scrollRect?.height ?? 0) + 1;
    let index = range.endIndex;
    while (index >= range.startIndex && (measurementsCache[index]?.end ?? Infinity) > bottom) index -= 1;
    return index;
  }

  get atEnd(): boolean {
    void this.#change;
    return this.#virtualizer.isAtEnd(END_PX);
  }

  get atStart(): boolean {
    void this.#change;
    return (this.#virtualizer.scrollOffset ?? 0) <= END_PX;
  }

  scrollToIndex(index: number, align: Align): void {
    this.#virtualizer.scrollToIndex(index, { align });
  }

  /** Whether the list is still on its way to the row that it was last sent to. */
  get isGoing(): boolean {
    void this.#change;
    return this.#virtualizer["scrollState"] !== null;
  }

  scrollToEnd(): void {
    this.#virtualizer.scrollToEnd();
  }

  /** Measures a row as long as it is there; for `{@attach}`. */
  readonly measure = (row: HTMLElement): (() => void) => {
    this.#virtualizer.measureElement(row);
    return () => this.#virtualizer.measureElement(null);
  };
}

/** Exactly, unlike the virtualizer's own way: parts of a pixel add up over many rows, and then the list jumps. */
function measured(row: HTMLElement, entry: ResizeObserverEntry | undefined, { options, itemSizeCache }: Rows): number {
  const [box] = entry?.borderBoxSize ?? [];
  if (box) return box.blockSize;
  const known = itemSizeCache.get(options.getItemKey(Number(row.dataset["index"])));
  return known ?? row.getBoundingClientRect().height;
}
