/** The address of a file of all emoji by their names in a language (`emoji.vite.ts`). */
declare module "virtual:emoji/*" {
  const url: string;
  export default url;
}
