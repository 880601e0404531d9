/**
 * The filters and the order in the page's address, such as `?layer=conv2&K=2%2B&sort=S+up`, so that a link holds what its
 * reader is to see. What is as at the beginning is left out.
 *
 * @module
 */
import { byId } from "./dom.ts";

/** A control of the filters or the order, with its name in an address. */
export interface FilterControl {
  readonly name: string;
  readonly control: HTMLInputElement | HTMLSelectElement;
}

/** The controls, in the order in which an address has them. */
export function filterControls(): FilterControl[] {
  const names = [
    ["search", "search"],
    ["layer", "layer"],
    ["clusters", "K"],
    ["s-from", "S_from"],
    ["s-to", "S_to"],
    ["flag", "flag"],
    ["order", "sort"],
  ];
  return names.map(([id, name]) => ({ name, control: byId<HTMLInputElement | HTMLSelectElement>(id) }));
}

/** The query of the page's address that holds the controls as they are; empty where all are as at the beginning. */
export function addressQuery(): string {
  const query = new URLSearchParams();
  for (const { name, control } of filterControls()) {
    const isFirst = control instanceof HTMLSelectElement ? control.selectedIndex <= 0 : control.value === "";
    // options of what the run named begin with `layer:` or `flag:`, so that none is taken for one of ours
    if (!isFirst) query.set(name, control.value.replace(`${name}:`, ""));
  }
  return query.size === 0 ? "" : `?${query}`;
}

/**
 * Sets the controls as an address says; those that it does not name are as at the beginning.
 *
 * @returns what the address asks of the filters that this page does not have, such as `layer conv9`.
 */
export function takeQuery(search: string): string[] {
  const query = new URLSearchParams(search);
  const unknown: string[] = [];
  for (const { name, control } of filterControls()) {
    const asked = query.get(name) ?? "";
    if (control instanceof HTMLSelectElement) {
      const options = [...control.options].map(({ value }) => value);
      const place = query.has(name) ? Math.max(options.indexOf(`${name}:${asked}`), options.indexOf(asked)) : 0;
      control.selectedIndex = Math.max(0, place);
      if (place < 0) unknown.push(`${name} ${asked}`);
    } else {
      control.value = asked; // an input of numbers takes nothing else
      if (control.value !== asked) unknown.push(`${name} ${asked}`);
    }
  }
  return unknown;
}

/** Writes the controls into the page's address, without moving the page. */
export function keepQuery(): void {
  try {
    history.replaceState(null, "", location.pathname + addressQuery() + location.hash);
  } catch { /* some browsers refuse many changes in a row: a later one is kept */ }
}
