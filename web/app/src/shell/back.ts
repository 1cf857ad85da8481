import { swipe } from "@natter/ui";
import { PHONE } from "../layout.ts";

/** A finger that went so far, in pixels, meant it. */
const BACK_PX = 72;

/**
 * On a phone a page follows the finger that pushes it away, and gives way to the one before: for `{@attach}`. A message
 * has a meaning of its own for that, so it begins beside them. The button for it is in the header of the page.
 */
export function swipeBack(back: () => void): (element: HTMLElement) => () => void {
  return (element) => {
    let follows = false;
    const settle = () => {
      element.style.translate = "";
      delete element.parentElement?.dataset["swiping"];
    };
    const begin = ({ target }: PointerEvent) => {
      follows = matchMedia(PHONE).matches && target instanceof Element && target.closest("article") === null;
    };
    element.addEventListener("pointerdown", begin, { capture: true });
    const detach = swipe({
      axis: "inline",
      onmove: (dx) => {
        if (!follows) return;
        const sign = getComputedStyle(element).direction === "rtl" ? -1 : 1;
        element.style.translate = `${sign * Math.max(0, dx)}px`;
        // What is behind it is seen.
        if (element.parentElement) element.parentElement.dataset["swiping"] = "";
      },
      onend: (dx) => {
        settle();
        if (follows && dx > BACK_PX) back();
      },
    })(element);
    return () => {
      element.removeEventListener("pointerdown", begin, { capture: true });
      settle();
      detach();
    };
  };
}
