/** The largest place that one picture or film takes in a message, in CSS pixels. */
export const WIDTH_MAX = 360;
export const HEIGHT_MAX = 320;
/** The smallest: it must be hit by a finger. */
const SIDE_MIN = 96;
/** A strip thinner than this shows nothing of its picture; the rest is cut off until somebody opens it. */
const RATIO_MAX = 3;

/** A place that is reserved before its content is there. */
export interface Box {
  readonly width: number;
  /** Width by height. */
  readonly ratio: number;
}

/** The place for something of this size, or of an unknown one. */
export function box(width: number | null | undefined, height: number | null | undefined): Box {
  const [w, h] = width && height ? [width, height] : [4, 3];
  const ratio = Math.min(RATIO_MAX, Math.max(1 / RATIO_MAX, w / h));
  // As large as it is, unless that is too large or too small; of an unknown size, as large as there is room.
  const wanted = width && height ? Math.max(w, SIDE_MIN, SIDE_MIN * ratio) : WIDTH_MAX;
  return { width: Math.round(Math.min(wanted, WIDTH_MAX, HEIGHT_MAX * ratio)), ratio };
}
