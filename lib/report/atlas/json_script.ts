/**
 * JSON that is safe inside a `<script type="application/json">` element, whatever strings are in it: no `<` is left that
 * could end the element or begin a comment.
 */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll(
    "\u2029",
    "\\u2029",
  );
}
