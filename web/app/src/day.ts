/** Whether two moments are on the same day where the reader is: by the calendar, which knows of nights with an hour more. */
export function sameDay(a: Date, b: Date): boolean {
  return a.getDate() === b.getDate() && a.getMonth() === b.getMonth() && a.getFullYear() === b.getFullYear();
}
