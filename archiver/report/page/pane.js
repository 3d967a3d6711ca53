// The pane: one document, its lines, and what is known of it.

const FIRST_LINES = 1500;
const NEAR = 2;

let item = null; // the document shown
let lines = [];
let current = 0; // number of the line in focus, 0 for none
let drawn = 0; // lines drawn so far

const VIEWS = { changes: "Changes", near: "Only changes", after: "After", before: "Before" };

async function openDocument(id) {
  const place = index.places.get(id);
  opened = place === undefined ? -1 : place;
  $("pane").hidden = false;
  $("nothing").hidden = true;
  if (opened < 0) {
    item = null;
    refill($("title"), "No such document");
    refill($("facts"));
    $("text-part").hidden = true;
    refill($("absent"), `This page has no document ${id}.`);
    $("absent").hidden = false;
    return;
  }
  const mine = opened;
  const found = await documentAt(opened);
  if (mine !== opened) return; // another one was asked for meanwhile
  item = found;
  lines = item ? linesOf(item) : [];
  current = 0;
  showHead();
  $("text-part").hidden = !item;
  $("absent").hidden = Boolean(item);
  if (item) { showLines(); showFacts(); } else { showAbsent(id); refill($("facts")); }
  showList();
  showWhy(0);
  $("lines").dataset.document = id;
  $("title").focus({ preventScroll: false });
}

function showHead() {
  const list = index.list;
  refill($("title"), titleOf(opened));
  const about = [list.id[opened] !== titleOf(opened) && list.id[opened],
    list.languages[list.language[opened]], list.sources[list.source[opened]]].filter(Boolean);
  refill($("about"), about.join(" · "));
  refill($("sum"), `${percent(list.gone[opened], list.chars[opened])} of ` +
    `${counted(list.chars[opened], "character")} removed · doubt ${number(list.doubt[opened])}`);
  const at = shown.indexOf(opened);
  $("previous").disabled = at <= 0;
  $("next").disabled = at < 0 || at === shown.length - 1;
}

function showAbsent(id) {
  refill($("absent"),
    el("p", null, `The text of this document is not in this page: it holds the texts of the ` +
      `${counted(index.held, "document")} that give most reason to doubt. To see it, run:`),
    el("pre", { tabindex: "0" }, index.archive
      ? `archiver show ${quoted(id)} --archive ${quoted(index.archive)}` : `archiver explain ${quoted(id)}`),
    el("p", null, "Or make the page again with a larger --embed."));
}

const quoted = (word) => (/^[\w./:@%+-]+$/.test(word) && !word.startsWith("-") ? word : `'${word.replace(/'/g, "'\\''")}'`);

function view() {
  return document.querySelector("input[name=view]:checked").value;
}

function showLines() {
  drawn = 0;
  $("lines").replaceChildren();
  $("lines").className = `view-${view()}`;
  drawMore(FIRST_LINES);
}

function rowsOf() {
  if (view() === "near") return near(lines, NEAR);
  if (view() === "after") return lines.filter((line) => line.mark !== "-");
  return lines;
}

function drawMore(count) {
  const rows = rowsOf();
  const piece = document.createDocumentFragment();
  for (const line of rows.slice(drawn, drawn + count)) piece.append(line.skipped ? gap(line) : row(line));
  if (!rows.length) piece.append(el("p", { class: "faint" }, view() === "near" ? "Nothing was changed." : "No text."));
  $("lines").append(piece);
  drawn = Math.min(rows.length, drawn + count);
  $("more").hidden = drawn === rows.length;
  refill($("more"), `Show ${counted(rows.length - drawn, "more line")}`);
  if (!current) setTab(firstButton());
}

const gap = (line) => el("p", { class: "gap" }, `${counted(line.skipped, "line")} kept`);

const firstButton = () => $("lines").querySelector(".gone:not(.blank) > .no, .part > .no") || $("lines").querySelector(".no");

/** One line: its number, which is a button; the mark of the family; the text. */
function row(line) {
  const rules = unique(line.edits.map((edit) => item.s[edit][2]));
  const family = rules.length ? index.rules[rules[0]].family : null;
  const kind = { " ": "kept", "-": "gone", "~": "part" }[line.mark];
  const made = el("div", { class: `line ${kind}${line.blank ? " blank" : ""}${family === null ? "" : ` f${family}`}`, "data-n": line.n },
    el("button", { type: "button", class: "no", tabindex: "-1", "aria-label": labelOf(line, rules) }, String(line.n)),
    el("span", { class: "mk", "aria-hidden": "true" }, rules.length && !line.blank ? index.families[family].mark : ""),
    el("span", { class: "tx", dir: "auto" }, spansOf(line)),
    el("span", { class: "dc" }, decidedOn(line)));
  return made;
}

function labelOf(line, rules) {
  const names = rules.map((rule) => index.rules[rule].id).join(", ");
  const what = { " ": "kept", "-": `removed by ${names}`, "~": `changed by ${names}` }[line.mark];
  const decided = decidedOn(line);
  const text = (line.mark === "-" ? line.gone : line.clean).trim().slice(0, 150) || "blank";
  return `Line ${line.n}, ${what}${decided ? `, marked as ${decided}` : ""}: ${text}`;
}

function spansOf(line) {
  const which = view();
  return line.spans.filter((span) => span.text).map((span) => {
    if (span.kind === "same") return which === "after" || which === "before" ? span.text : el("span", null, span.text);
    if (span.kind === "gone") {
      if (which === "after") return null;
      return which === "before" ? span.text : el("del", { class: classOf(span) }, span.text);
    }
    if (which === "before") return null;
    return which === "after" ? span.text : el("ins", null, span.text);
  });
}

const classOf = (span) => `f${index.rules[item.s[span.edit][2]].family}`;

function decisionOn(line) {
  const tried = item && triedOf(item, line);
  if (!tried) return null;
  const id = index.list.id[opened];
  return decisions.get(nameOf("keep", id, tried.text)) || decisions.get(nameOf("drop", id, tried.text)) || null;
}

const decidedOn = (line) => { const found = decisionOn(line); return found ? WORDS[found.kind] : ""; };

/** Draw a line again, and leave the focus where it is. */
function redraw(n) {
  const old = rowAt(n);
  if (!old) return;
  const focused = old.contains(document.activeElement);
  const made = row(lines[n - 1]);
  old.replaceWith(made);
  setTab(made.querySelector(".no"));
  if (focused) made.querySelector(".no").focus({ preventScroll: true });
}

const rowAt = (n) => $("lines").querySelector(`[data-n="${n}"]`);

function setTab(button) {
  $("lines").querySelectorAll('.no[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
  if (button) button.tabIndex = 0;
}

function showFacts() {
  const counts = new Map();
  for (const piece of item.s) if (typeof piece !== "string") counts.set(piece[2], (counts.get(piece[2]) || 0) + 1);
  const rules = [...counts].sort((a, b) => b[1] - a[1]).map(([rule, count]) =>
    [index.rules[rule].id, `${counted(count, "edit")}. ${index.rules[rule].why}`]);
  refill($("facts"),
    pairs("Rules at work", rules, true), pairs("Facts", item.f, true),
    pairs("Provenance", item.p.map(([name, value]) => [name.replace(/_/g, " "), name === "url" ? address(value) : value])),
    pairs("Metadata", item.m), pairs("Digests", item.d.map(([name, value]) => [name, value])));
}

function pairs(head, rows, open) {
  if (!rows.length) return null;
  return el("details", { open: Boolean(open) }, el("summary", null, el("h3", null, `${head} (${rows.length})`)),
    el("table", { class: "pairs" }, el("caption", { class: "hidden" }, head),
      el("tbody", null, rows.map(([name, value]) =>
        el("tr", null, el("th", { scope: "row" }, name), el("td", { dir: "auto" }, value))))));
}

/** A link where the address is one of the web, and nothing that a browser would run. */
function address(value) {
  if (!/^https?:\/\//i.test(value)) return value;
  return el("a", { href: value, rel: "noopener noreferrer nofollow", target: "_blank" }, value);
}

function step(by) {
  const at = shown.indexOf(opened) + by;
  if (at < 0 || at >= shown.length) { announce(by > 0 ? "That was the last document" : "That is the first document"); return; }
  page = Math.floor(at / PER_PAGE);
  window.location.hash = documentLink(index.list.id[shown[at]]).slice(1);
}
