/**
 * Links to units of the page. A unit's link is its name after the `#`, such as `#conv2:3`.
 *
 * @module
 */

/** The link of a unit. What a link may not hold is escaped; the colon and the slash, which it may, stay for reading. */
export function unitLink(id: string): string {
  return `#${encodeURIComponent(id).replaceAll("%3A", ":").replaceAll("%2F", "/")}`;
}

/** What a link names; as it stands where it is escaped wrongly. */
export function linkedName(hash: string): string {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
}

/** Takes the link out of the page's address, without moving the page. */
export function forgetLink(): void {
  const { scrollX, scrollY } = globalThis;
  history.replaceState(null, "", location.pathname + location.search);
  scrollTo(scrollX, scrollY);
}
