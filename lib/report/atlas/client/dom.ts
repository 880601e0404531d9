/**
 * Elements of the page: making them, and lists of them that grow as the reader comes near. All text goes into the page as text
 * nodes or attributes, never as markup.
 *
 * @module
 */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { UnitBlock } from "../page_data.ts";

/** What an element may have inside; null is left out. */
export type Child = Node | string | null;

/** Attributes of an element; those that are null or false are left out, those that are true have no value. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Gives an element its attributes, but those that are null or false, and its children. */
export function fill<Kind extends Element>(element: Kind, attributes: Attributes, children: readonly Child[]): Kind {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An HTML element. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** The element of an id, which the page has. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

/** Marks an element whose content is wider than itself, as long as it is: the page's style says then that it scrolls. */
export function tellScrolling(element: HTMLElement): void {
  const watcher = new ResizeObserver(() => {
    element.toggleAttribute("data-scrolls", element.scrollWidth > element.clientWidth + 1);
  });
  watcher.observe(element);
  for (const child of element.children) watcher.observe(child); // which may grow
}

/** Calls back when the browser has nothing else to do; soon, where it cannot tell. */
export function idleTime(call: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(call);
  else setTimeout(call, 50);
}

/** The block of a unit, out of the page; null while the page is still arriving. */
export function readBlock(id: string): UnitBlock | null {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) as UnitBlock : null;
}

/**
 * A list that grows as its end comes near, or by its button.
 *
 * @param batch how many items are added at a time.
 * @param onGrow called when some were.
 * @returns what shows other items, from the top.
 */
export function growingList(
  list: HTMLElement,
  more: HTMLButtonElement,
  batch: number,
  onGrow: () => void = () => {},
): { show: (items: readonly (() => HTMLElement)[]) => void } {
  let waiting: readonly (() => HTMLElement)[] = [];
  let shown = 0;
  const grow = () => {
    list.append(...waiting.slice(shown, shown + batch).map((make) => make()));
    shown = Math.min(shown + batch, waiting.length);
    more.hidden = shown >= waiting.length;
    more.textContent = `Show more (${waiting.length - shown} left)`;
    onGrow();
  };
  more.addEventListener("click", grow);
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && !more.hidden) grow();
  }, { rootMargin: "1200px" }).observe(more);
  return {
    show(items) {
      waiting = items;
      shown = 0;
      list.replaceChildren();
      grow();
    },
  };
}
