/**
 * Where somebody's picture is, as far as it may be shown: only on this server. Any other would learn who looks at whom,
 * and the content security policy forbids it.
 */
export function picture(user: { avatarUrl?: string | null }, origin = location.origin): string | undefined {
  const url = user.avatarUrl ?? "";
  return URL.canParse(url) && new URL(url).origin === origin ? url : undefined;
}
