import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from "@tanstack/virtual-core";
import { untrack } from "svelte";

export interface VirtualOptions {
  count: number;
  key: (index: number) => string;
  /** Height of a row that was not measured yet. */
  estimate: number;
  /** The end that stays where it is while rows come and go. */
  anchor: "start" | "end";
  scroller: HTMLElement | undefined;
}

/** How far from the end counts as being there. */
const END_PX = 48;
const OVERSCAN = 8;
/** Room above the first and below the last row. */
const PADDING_PX = 8;

/** TanStack's virtualizer as runes: reads its options reactively, and tells when the rows to render are others. */
export class VirtualRows {
  // Only its identity counts: a new object means that the virtualizer has something else to say.
  #change = $state.raw({});
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;

  /** Must be called while a component is set up. */
  constructor(options: () => VirtualOptions) {
    const full = ({ count, key, estimate, anchor, scroller }: VirtualOptions) => ({
      count,
      getItemKey: key,
      estimateSize: () => estimate,
      anchorTo: anchor,
      followOnAppend: anchor === "end",
      scrollEndThreshold: END_PX,
      overscan: OVERSCAN,
      paddingStart: PADDING_PX,
      paddingEnd: PADDING_PX,
      getScrollElement: () => scroller ?? null,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => (this.#change = {}),
    });
    this.#virtualizer = new Virtualizer<HTMLElement, HTMLElement>(full(untrack(options)));

    // Before the DOM changes the virtualizer learns of the new rows; afterwards it puts the scroll position right.
    $effect.pre(() => {
      const next = full(options());
      untrack(() => {
        this.#virtualizer.setOptions(next);
        this.#change = {};
      });
    });
    $effect(() => {
      options();
      void this.#change;
      untrack(() => this.#virtualizer._willUpdate());
    });
    $effect(() => this.#virtualizer._didMount());
  }

  /** The rows to render. */
  get rows(): VirtualItem[] {
    void this.#change;
    return this.#virtualizer.getVirtualItems();
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

  get atEnd(): boolean {
    void this.#change;
    return this.#virtualizer.isAtEnd(END_PX);
  }

  get atStart(): boolean {
    void this.#change;
    return (this.#virtualizer.scrollOffset ?? 0) <= END_PX;
  }

  scrollToIndex(index: number, align: "start" | "center" | "end" | "auto"): void {
    this.#virtualizer.scrollToIndex(index, { align });
  }

  scrollToEnd(): void {
    this.#virtualizer.scrollToEnd();
  }

  scrollTo(index: number, align: "start" | "center" | "nearest"): void {
    this.#virtualizer.scrollToIndex(index, { align: align === "nearest" ? "auto" : align });
  }

  /** Measures a row as long as it is there; for `{@attach}`. */
  readonly measure = (row: HTMLElement): (() => void) => {
    this.#virtualizer.measureElement(row);
    return () => this.#virtualizer.measureElement(null);
  };
}
