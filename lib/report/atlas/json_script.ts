/**
 * JSON for a `<script type="application/json">` element. It has no `<`, which could end the element or begin a comment, so
 * it may hold any strings.
 */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll(
    "\u2029",
    "\\u2029",
  );
}
