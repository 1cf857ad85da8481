/** What a tab shows of itself when one looks elsewhere: the number in its title, and a dot on its icon. */
const SIZE_PX = 64;
const SHOWN_MAX = 99;

type Mark = "none" | "unread" | "mention";

export function counted(title: string, unread: number): string {
  if (unread === 0) return title;
  return `(${unread > SHOWN_MAX ? `${SHOWN_MAX}+` : unread}) ${title}`;
}

/** So often the number changes at the most. Most of what is read at once never shows. */
const SETTLE_MS = 250;

/** What is to be read, as a tab shows it that is not looked at. */
export class Attention {
  readonly #title = new CountedTitle();
  #count = 0;
  #mark: Mark = "none";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Answers how to stop, which leaves nothing of it. */
  start(): () => void {
    const stop = this.#title.start();
    return () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      stop();
      this.#icon("none", 0);
    };
  }

  /** Takes what there is to read; of what comes fast, the last is shown. */
  show(messages: number, mentions: number): void {
    this.#count = messages;
    this.#mark = mentions > 0 ? "mention" : messages > 0 ? "unread" : "none";
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#title.count(this.#count);
      this.#icon(this.#mark, this.#count);
    }, SETTLE_MS);
  }

  #icon(kind: Mark, count: number): void {
    mark(kind, count).catch((error: unknown) => console.warn(error));
  }
}

/** Puts the number before the title of the tab, whatever page sets it. */
class CountedTitle {
  #unread = 0;
  #plain = "";
  #written: string | undefined;

  /** Follows the title. Answers how to stop, which leaves it without a number. */
  start(): () => void {
    const observer = new MutationObserver(() => this.#write());
    observer.observe(document.head, { childList: true, characterData: true, subtree: true });
    this.#write();
    return () => {
      observer.disconnect();
      this.count(0);
    };
  }

  count(unread: number): void {
    this.#unread = unread;
    this.#write();
  }

  #write(): void {
    // Another than the last that was written here is what a page has set.
    if (document.title !== this.#written) this.#plain = document.title;
    this.#written = counted(this.#plain, this.#unread);
    if (document.title !== this.#written) document.title = this.#written;
  }
}

const icons = new Map<Mark, Promise<string>>();
let wanted: Mark = "none";

/** Puts a dot on the icon of the tab, and the number on that of an installed application. */
async function mark(kind: Mark, count: number): Promise<void> {
  wanted = kind;
  // Only installed applications have one.
  if ("setAppBadge" in navigator) await navigator.setAppBadge(count).catch(() => undefined);
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!link) return;
  const plain = (link.dataset["plain"] ??= link.getAttribute("href") ?? "");
  let icon = icons.get(kind);
  if (!icon) icons.set(kind, (icon = kind === "none" ? Promise.resolve(plain) : drawn(plain, kind)));
  const href = await icon;
  // Meanwhile it may have become another one.
  if (wanted !== kind || link.getAttribute("href") === href) return;
  link.type = kind === "none" ? "image/svg+xml" : "image/png";
  link.href = href;
}

async function drawn(plain: string, kind: Exclude<Mark, "none">): Promise<string> {
  const image = new Image(SIZE_PX, SIZE_PX);
  image.src = plain;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = SIZE_PX;
  canvas.height = SIZE_PX;
  const context = canvas.getContext("2d");
  if (!context) return plain;
  context.drawImage(image, 0, 0, SIZE_PX, SIZE_PX);
  const radius = SIZE_PX / 4;
  const centre = SIZE_PX - radius;
  // A gap around the dot, whatever the colour of the tab.
  context.globalCompositeOperation = "destination-out";
  disc(context, centre, radius + SIZE_PX / 16);
  context.globalCompositeOperation = "source-over";
  context.fillStyle = colour(kind === "mention" ? "--busy" : "--online");
  disc(context, centre, radius);
  return canvas.toDataURL("image/png");
}

function disc(context: CanvasRenderingContext2D, centre: number, radius: number): void {
  context.beginPath();
  context.arc(centre, centre, radius, 0, 2 * Math.PI);
  context.fill();
}

/** A token as a colour that a canvas takes: which of the two of `light-dark()` it is, only an element knows. */
function colour(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  return computed;
}
