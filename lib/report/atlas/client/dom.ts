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

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** An HTML element; attributes that are null or false are left out. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An SVG element. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The block of a unit, out of the page; null while the page is still arriving. */
export function readBlock(id: string): UnitBlock | null {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) as UnitBlock : null;
}

/**
 * A list that grows as its end comes near: so many items at a time, or by its button.
 *
 * @returns a function that shows other items from the top, and one that shows at least so many.
 */
export function growingList(
  list: HTMLElement,
  more: HTMLButtonElement,
  batch: number,
): { show: (items: readonly (() => HTMLElement)[]) => void } {
  let waiting: readonly (() => HTMLElement)[] = [];
  let shown = 0;
  const grow = () => {
    list.append(...waiting.slice(shown, shown + batch).map((make) => make()));
    shown = Math.min(shown + batch, waiting.length);
    more.hidden = shown >= waiting.length;
    more.textContent = `Show more (${waiting.length - shown} left)`;
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
