import type { Page, Schemas } from "@natter/sdk";

type SharedFile = Schemas["SharedFile"];
type Kind = "image" | "video";

/** Files that are kept at hand; of a conversation with more the oldest are not in its album. */
export const ALBUM_FILES_MAX = 5_000;
const PAGE_MAX = 100;

/** A page of one kind of file, newest first. */
export type Fetch = (query: { kind: Kind; limit: number; cursor?: string }) => Promise<Page<SharedFile>>;

interface Source {
  readonly kind: Kind;
  files: SharedFile[];
  /** Where the next page begins; null at the end. */
  cursor: string | null | undefined;
}

/** Identifies a file where it was sent: the same one may be sent twice. */
export function keyOf({ messageId, position }: Pick<SharedFile, "messageId" | "position">): string {
  return `${messageId} ${position}`;
}

/**
 * The pictures and films of a conversation as one list. The server lists each kind by itself, newest first.
 *
 * Invariant: the list has no holes: it reaches as far back as both kinds are known.
 */
export class Album {
  readonly #sources: Source[] = [
    { kind: "image", files: [], cursor: undefined },
    { kind: "video", files: [], cursor: undefined },
  ];
  #files: readonly SharedFile[] = [];

  constructor(private readonly fetch: Fetch) {}

  /** Oldest first. */
  get files(): readonly SharedFile[] {
    return this.#files;
  }

  /** Whether it has all there are. */
  get complete(): boolean {
    return this.#sources.every(({ cursor }) => cursor === null);
  }

  get full(): boolean {
    return this.#sources.reduce((sum, { files }) => sum + files.length, 0) >= ALBUM_FILES_MAX;
  }

  /** Goes further back, with the kind that is known least far. */
  async older(): Promise<void> {
    const behind = this.#sources.filter(({ cursor }) => cursor !== null).sort((a, b) => after(reach(a), reach(b)))[0];
    if (!behind || this.full) return;
    const { kind, cursor } = behind;
    const page = await this.fetch({ kind, limit: PAGE_MAX, ...(cursor ? { cursor } : {}) });
    behind.files = [...behind.files, ...page.data];
    behind.cursor = page.meta.hasMore ? page.meta.nextCursor : null;
    this.#merge();
  }

  #merge(): void {
    const edge = this.#sources.reduce((latest, source) => {
      const own = reach(source);
      return after(own, latest) < 0 ? own : latest;
    }, START);
    this.#files = this.#sources
      .flatMap(({ files }) => files)
      .filter((file) => after(placeOf(file), edge) <= 0)
      .sort((a, b) => after(placeOf(b), placeOf(a)));
  }
}

/** The position of a message, and of a file in it. */
type Place = readonly [seq: number, position: number];

const START: Place = [-1, -1];
const END: Place = [Infinity, Infinity];

function placeOf({ messageSeq, position }: SharedFile): Place {
  return [messageSeq, position];
}

/** For sorting: the later one first. */
function after(a: Place, b: Place): number {
  return a[0] === b[0] ? b[1] - a[1] : b[0] - a[0];
}

/** As far back as a kind is known. */
function reach({ files, cursor }: Source): Place {
  if (cursor === null) return START;
  const last = files.at(-1);
  return last ? placeOf(last) : END;
}
