/** What an upload is to be called, and whoever looks at it. */
export interface UploadOptions {
  /** With an extension, which must be what the content is. */
  name: string;
  /** Hears how much has arrived, from 0 to 1. */
  onprogress?: ((fraction: number) => void) | undefined;
  /** Gives it up, and deletes what has arrived. */
  signal?: AbortSignal | undefined;
}
