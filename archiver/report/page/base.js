"use strict";

// Nothing here writes HTML: text becomes text nodes, so no document can become markup.

const $ = (id) => document.getElementById(id);

/** What moves, hides or turns text: shown as an escape. The same set as archiver/cli/visible.py. */
const UNSAFE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

/** An element with attributes and children; strings become text that can be trusted to be seen. */
function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  return fill(made, children);
}

function fill(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(...(typeof child === "object" ? [child] : visible(String(child))));
  }
  return node;
}

function refill(node, ...children) {
  node.replaceChildren();
  return fill(node, children);
}

/** Text as nodes, its control characters as marked escapes. */
function visible(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(UNSAFE)) {
    if (found.index > at) nodes.push(document.createTextNode(text.slice(at, found.index)));
    nodes.push(el("span", { class: "odd" }, escaped(found[0])));
    at = found.index + found[0].length;
  }
  if (at < text.length || !nodes.length) nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

function escaped(character) {
  const point = character.codePointAt(0);
  if (point < 0x100) return "\\x" + point.toString(16).padStart(2, "0");
  return point < 0x10000 ? "\\u" + point.toString(16).padStart(4, "0") : "\\U" + point.toString(16).padStart(8, "0");
}

const number = (value) => value.toLocaleString("en");

const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

/** A share of a whole; what is little is not said to be nothing. */
function percent(part, whole) {
  const share = whole ? (100 * part) / whole : 0;
  if (share > 0 && share < 1) return "<1 %";
  return share > 99 && share < 100 ? ">99 %" : `${Math.round(share)} %`;
}

/** Words for screen readers, once each; the region is polite. */
function announce(text) {
  $("told").textContent = "";
  window.setTimeout(() => { $("told").textContent = text; }, 30);
}

/** A thing remembered between visits, where the browser allows it for this file. */
const remembered = {
  get(name) {
    try { return window.localStorage.getItem(name); } catch { return null; }
  },
  set(name, value) {
    try { window.localStorage.setItem(name, value); return true; } catch { return false; }
  },
};
