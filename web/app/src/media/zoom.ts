/** How a picture is looked at: how much larger than what fits, and how far its middle is from the middle of the stage. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** In CSS pixels, from the middle of the stage. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export const FIT: View = { scale: 1, x: 0, y: 0 };
export const SCALE_MAX = 8;
/** What a press on a button or key changes, and what a double click goes to. */
export const STEP = 1.5;
export const CLOSE_UP = 2.5;

/** The size at which a picture fits; a small one is not blown up. */
export function fitted(picture: Size, stage: Size): Size {
  if (picture.width === 0 || picture.height === 0) return { width: 0, height: 0 };
  const scale = Math.min(1, stage.width / picture.width, stage.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Larger or smaller, while what lies under `at` stays there. */
export function zoomed(view: View, factor: number, at: Point, picture: Size, stage: Size): View {
  const scale = Math.min(SCALE_MAX, Math.max(1, view.scale * factor));
  const grown = scale / view.scale;
  return held({ scale, x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown }, picture, stage);
}

/** Moved, as far as there is something to see there. */
export function panned(view: View, by: Point, picture: Size, stage: Size): View {
  return held({ ...view, x: view.x + by.x, y: view.y + by.y }, picture, stage);
}

/** No further than its edge at the edge of the stage. */
export function held({ scale, x, y }: View, picture: Size, stage: Size): View {
  const room = (length: number, place: number) => Math.max(0, (length * scale - place) / 2);
  const [across, down] = [room(picture.width, stage.width), room(picture.height, stage.height)];
  return { scale, x: within(x, across), y: within(y, down) };
}

function within(value: number, limit: number): number {
  // Not -0, which styles would write out.
  return Math.min(limit, Math.max(-limit, value)) + 0;
}
