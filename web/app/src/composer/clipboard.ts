/** The files that a paste brings. Office programs add a picture of the text that was copied; then the text is meant. */
export function pastedFiles(data: DataTransfer): File[] {
  const files = [...data.files];
  const text = data.getData("text/plain").trim() !== "" && data.types.includes("text/html");
  return text && files.every(({ type }) => type.startsWith("image/")) ? [] : files;
}
