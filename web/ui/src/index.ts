/** Components that know nothing of chat: tokens, accessible controls, a list that renders what is in view. */
export { Announcer } from "./announcer.svelte.ts";
export { default as Avatar } from "./Avatar.svelte";
export { default as Banner } from "./Banner.svelte";
export { default as Button } from "./Button.svelte";
export { default as Dialog } from "./Dialog.svelte";
export { default as Empty } from "./Empty.svelte";
export { default as IconButton } from "./IconButton.svelte";
export { default as Skeleton } from "./Skeleton.svelte";
export { default as TextField } from "./TextField.svelte";
export { default as VirtualList } from "./VirtualList.svelte";
