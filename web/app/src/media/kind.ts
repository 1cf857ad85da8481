import type { Schemas } from "@natter/sdk";
import type { Variant } from "./links.ts";

export type FileInfo = Schemas["File"];

/** What a file is shown as. */
export type Kind = "image" | "video" | "sound" | "document";

/** Pictures that no browser but Apple's shows; where the server could make smaller ones, those are shown. */
const OPAQUE_PICTURES = ["image/heic", "image/heif"];

export function kindOf(file: Pick<FileInfo, "mediaType" | "thumbnails">): Kind {
  if (file.mediaType.startsWith("image/")) {
    return OPAQUE_PICTURES.includes(file.mediaType) && !file.thumbnails?.length ? "document" : "image";
  }
  if (file.mediaType.startsWith("video/")) return "video";
  if (file.mediaType.startsWith("audio/")) return "sound";
  return "document";
}

/** A version of a picture, with its pixels across. */
export interface Version {
  readonly variant: Variant;
  readonly width: number;
}

/** The versions of a picture for a place in a message: the thumbnails, or the picture itself where it is small. */
export function versions(file: FileInfo): readonly Version[] {
  const smaller = (file.thumbnails ?? []).map(({ size, width }) => ({ variant: size, width }));
  return smaller.length > 0 ? smaller : [{ variant: "original", width: file.width ?? 1 }];
}

const ICONS = {
  text: ["txt", "log", "md", "markdown", "doc", "docx", "odt", "rtf", "pdf", "pages"],
  table: ["csv", "tsv", "xls", "xlsx", "ods", "numbers"],
  slides: ["ppt", "pptx", "odp", "key"],
  archive: ["zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar", "jar"],
  code: ["json", "yaml", "yml", "toml", "xml", "html", "htm", "css", "js", "mjs", "ts", "tsx", "jsx", "svelte", "rs", "py", "rb", "go", "java", "kt", "swift", "c", "h", "cc", "cpp", "hpp", "cs", "php", "lua", "sh", "bash", "sql", "diff", "patch", "ini", "conf", "tex", "r"],
  image: ["png", "jpg", "jpeg", "jfif", "gif", "webp", "avif", "heic", "heif", "svg"],
  film: ["mp4", "m4v", "mov", "webm", "mkv", "avi"],
  sound: ["mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "weba"],
} as const;

export type FileIcon = keyof typeof ICONS | "other";

export function extension(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** Which picture stands for a file. */
export function iconOf(name: string): FileIcon {
  const known = Object.entries(ICONS) as [FileIcon, readonly string[]][];
  return known.find(([, extensions]) => extensions.includes(extension(name)))?.[0] ?? "other";
}

/** Whether a file is worth trying to show as text; its content has the last word. */
export function isText({ name, mediaType }: Pick<FileInfo, "name" | "mediaType">): boolean {
  if (mediaType.startsWith("text/") || mediaType === "application/json") return true;
  // What the server gives a type of its own is that.
  return mediaType === "application/octet-stream" && iconOf(name) === "code";
}

/** Characters of a name that stay in view at its end: its extension, and what versions are told apart by. */
const TAIL_CHARS = 10;

/** A name in two parts: the first is cut where there is no room, the second never. */
export function halves(name: string): { start: string; end: string } {
  const chars = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name)].map(({ segment }) => segment);
  if (chars.length <= TAIL_CHARS * 2) return { start: name, end: "" };
  return { start: chars.slice(0, -TAIL_CHARS).join(""), end: chars.slice(-TAIL_CHARS).join("") };
}
