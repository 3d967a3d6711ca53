// The list: search, filters, order, pages.

const PER_PAGE = 50;
const MOST_OPTIONS = 500;

let shown = []; // places of the documents found, in the order asked for
let page = 0;
let opened = -1;
let hay = null; // what is searched, by place
let turn = 0; // of the search: an older one stops when a newer begins

const documentLink = (id) => `#document=${encodeURIComponent(id)}`;
const titleOf = (place) => index.list.title[place] || index.list.id[place];

function haystack(place) {
  if (!hay) {
    const { id, title, url, path, source } = index.list;
    hay = id.map((name, at) =>
      `${name}\n${title[at]}\n${url[at]}\n${path[at] || ""}\n${index.list.sources[source[at]]}`.toLowerCase());
  }
  return hay[place];
}

const ORDERS = {
  doubt: null, // the order of the places
  share: (a, b) => index.list.gone[b] / (index.list.chars[b] || 1) - index.list.gone[a] / (index.list.chars[a] || 1),
  gone: (a, b) => index.list.gone[b] - index.list.gone[a],
  chars: (a, b) => index.list.chars[b] - index.list.chars[a],
  title: (a, b) => titleOf(a).localeCompare(titleOf(b)),
};

/** The documents that the filters leave, before anything is searched. */
function filtered() {
  const [family, source, language] = ["family", "source", "language"].map((name) => $(name).value);
  const share = $("share").value;
  const list = index.list;
  const found = [];
  for (let place = 0; place < index.count; place += 1) {
    if (source !== "" && list.source[place] !== Number(source)) continue;
    if (language !== "" && list.language[place] !== Number(language)) continue;
    if (share === "none" ? list.gone[place] > 0 : list.gone[place] < Number(share || 0) * list.chars[place]) continue;
    if (family !== "" && !has(list.families[place], Number(family))) continue;
    found.push(place);
  }
  return found;
}

function has(families, wanted) {
  for (let at = 0; at < families.length; at += 2) if (families[at] === wanted) return true;
  return false;
}

/** Search and show; with `texts` also in the texts, packet by packet. */
async function search() {
  const mine = (turn += 1);
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const left = filtered();
  const fits = (text) => words.every((word) => text.includes(word));
  let found = words.length ? left.filter((place) => fits(haystack(place))) : left;
  if (words.length && $("texts").checked) {
    found = await inTexts(left, new Set(found), fits, () => mine !== turn);
    if (!found) return;
  }
  const order = ORDERS[$("order").value];
  shown = order ? [...found].sort((a, b) => order(a, b) || a - b) : found;
  page = 0;
  showList();
}

async function inTexts(left, found, fits, isOld) {
  const wanted = new Map();
  for (const place of left) {
    if (!isHere(place) || found.has(place)) continue;
    if (!wanted.has(where[2 * place])) wanted.set(where[2 * place], []);
    wanted.get(where[2 * place]).push(place);
  }
  let done = 0;
  for (const [name, places] of wanted) {
    const documents = await (packets.get(name) || unpacked($(`p${name}`).textContent));
    if (isOld()) return null;
    for (const place of places) if (fits(textOf(documents[where[2 * place + 1]]))) found.add(place);
    done += 1;
    if (done % 8 === 0) refill($("found"), `Searching the texts: ${percent(done, wanted.size)}`);
  }
  return left.filter((place) => found.has(place));
}

/** All of a document's raw text and what came into it, for searching. */
const textOf = (item) => item.s.map((piece) => (typeof piece === "string" ? piece : `${piece[0]}${piece[1]}`))
  .join("").toLowerCase();

function showList() {
  const pages = Math.max(1, Math.ceil(shown.length / PER_PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  const first = page * PER_PAGE;
  refill($("found"), shown.length
    ? `${counted(shown.length, "document")}${shown.length < index.count ? ` of ${number(index.count)}` : ""}`
    : "No document fits. Take a filter away, or search for fewer words.");
  refill($("list"), shown.slice(first, first + PER_PAGE).map(entry));
  $("list").start = first + 1;
  $("pager").hidden = pages === 1;
  refill($("page"), `Page ${number(page + 1)} of ${number(pages)}`);
  $("earlier").disabled = page === 0;
  $("later").disabled = page === pages - 1;
}

function entry(place) {
  const list = index.list;
  const about = [list.languages[list.language[place]], list.sources[list.source[place]]].filter(Boolean);
  const share = percent(list.gone[place], list.chars[place]);
  return el("li", null, el("a", { href: documentLink(list.id[place]), "aria-current": place === opened && "true" },
    el("span", { class: "title", dir: "auto" }, titleOf(place)),
    about.length && el("span", { class: "faint about" }, about.join(" · ")),
    el("span", { class: "numbers" },
      meter(list.gone[place], list.chars[place]),
      el("span", { class: "share" }, `${share} removed`),
      el("span", null, `doubt ${number(list.doubt[place])}`)),
    el("span", { class: "marks" }, marks(list.families[place]))));
}

function meter(part, whole) {
  const bar = el("progress", { max: 100, "aria-hidden": "true" });
  bar.value = whole ? (100 * part) / whole : 0;
  return bar;
}

function marks(families) {
  const made = [];
  for (let at = 0; at < families.length; at += 2) {
    const family = index.families[families[at]];
    made.push(el("span", { class: `mark f${families[at]}`, title: `${family.name}: ${families[at + 1]}` }, family.mark));
  }
  return made;
}

function startList() {
  const options = (names, counts) => names.map((name, at) => [name, at, counts[at]])
    .sort((a, b) => b[2] - a[2] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_OPTIONS)
    .map(([name, at, count]) => el("option", { value: at }, `${name || "unknown"} (${number(count)})`));
  const tally = (numbers, size) => numbers.reduce((all, at) => { all[at] += 1; return all; }, new Array(size).fill(0));
  const list = index.list;
  $("source").append(...options(list.sources, tally(list.source, list.sources.length)));
  $("language").append(...options(list.languages, tally(list.language, list.languages.length)));
  $("family").append(...options(index.families.map((family) => family.name),
    tally(list.families.flatMap((own) => own.filter((_, at) => at % 2 === 0)), index.families.length)));
  let waiting = 0;
  $("search").addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(search, 120);
  });
  for (const name of ["family", "source", "language", "share", "order", "texts"]) $(name).addEventListener("change", search);
  $("filters").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  $("filters").addEventListener("reset", () => window.setTimeout(search, 0));
  const leaf = (step) => { page += step; showList(); $("found").focus(); };
  $("earlier").addEventListener("click", () => leaf(-1));
  $("later").addEventListener("click", () => leaf(1));
}
