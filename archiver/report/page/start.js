// Views, keys, theme; and the start of it all.

const THEMES = ["system", "light", "dark"];

function showTheme(theme) {
  if (theme === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  refill($("theme"), `Theme: ${theme}`);
  remembered.set("archiver-report-theme", theme);
}

function nextTheme() {
  const now = document.documentElement.dataset.theme || "system";
  showTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
}

/** Show what the address asks for: #overview, #documents, #document=ID or #decisions. */
function route() {
  const hash = window.location.hash.slice(1);
  const [name, id] = hash.startsWith("document=") ? ["documents", hash.slice(9)] : [hash, null];
  const wanted = ["overview", "documents", "decisions"].includes(name) ? name : "overview";
  for (const other of ["overview", "documents", "decisions"]) {
    $(`v-${other}`).hidden = other !== wanted;
    const link = document.querySelector(`nav a[href="#${other}"]`);
    if (other === wanted) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("v-documents").classList.toggle("one", id !== null);
  if (wanted === "decisions") showDecisions();
  if (wanted !== "documents") { window.scrollTo(0, 0); return; }
  if (id !== null) openDocument(decoded(id));
  else { opened = -1; $("pane").hidden = true; $("nothing").hidden = false; showList(); }
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

const KEYS = {
  "/": () => { window.location.hash = opened < 0 ? "documents" : window.location.hash; toSearch(); },
  j: () => step(1),
  k: () => step(-1),
  n: () => jump(1, false),
  p: () => jump(-1, false),
  w: () => mark("keep"),
  m: () => mark("drop"),
  u: unmark,
  1: () => pickView(0), 2: () => pickView(1), 3: () => pickView(2), 4: () => pickView(3),
  t: nextTheme,
  d: () => { window.location.hash = "decisions"; },
  "?": () => $("keys").showModal(),
};

function toSearch() {
  window.setTimeout(() => {
    if ($("search").offsetParent === null) window.location.hash = "documents"; // a narrow window shows one of both
    window.setTimeout(() => { $("search").focus(); $("search").select(); }, 0);
  }, 0);
}

function pickView(nth) {
  const input = document.querySelectorAll("input[name=view]")[nth];
  if (item && input && !$("text-part").hidden) input.click();
}

const DOCUMENT_KEYS = new Set(["j", "k", "n", "p", "w", "m", "u", "1", "2", "3", "4"]);

function pressed(event) {
  const typing = event.target.closest("input:not([type=radio]):not([type=checkbox]), select, textarea");
  if (event.key === "Escape" && typing) { typing.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typing || $("keys").open) return;
  if (event.key === "Escape" && !$("v-documents").hidden) { window.location.hash = "documents"; return; }
  if (event.target.closest("#lines") && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    jump(event.key === "ArrowDown" ? 1 : -1, true);
    return;
  }
  if (!$("keys-on").checked || !(event.key in KEYS)) return;
  if (DOCUMENT_KEYS.has(event.key) && ($("v-documents").hidden || opened < 0)) return;
  event.preventDefault();
  KEYS[event.key]();
}

function startKeys() {
  $("keys-on").checked = remembered.get("archiver-report-keys") !== "off";
  $("keys-on").addEventListener("change", () => remembered.set("archiver-report-keys", $("keys-on").checked ? "on" : "off"));
  $("help").addEventListener("click", () => $("keys").showModal());
  $("keys-close").addEventListener("click", () => $("keys").close());
  $("theme").addEventListener("click", nextTheme);
  $("previous").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  document.addEventListener("keydown", pressed);
  const known = remembered.get("archiver-report-theme");
  showTheme(THEMES.includes(known) ? known : "system");
}

async function start() {
  if (typeof DecompressionStream === "undefined") {
    refill($("state"), "This browser cannot unpack the data: use one from 2023 or later.");
    return;
  }
  try {
    await loadIndex();
  } catch (problem) {
    refill($("state"), `The data of this page are damaged: ${problem.message}. Make the page again.`);
    return;
  }
  startList();
  startDecisions();
  startWhy();
  startKeys();
  $("state").hidden = true;
  await search();
  window.addEventListener("hashchange", route);
  route();
  document.documentElement.dataset.ready = "yes";
}

start();
