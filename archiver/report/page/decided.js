// Decisions: kept in the browser where it allows that, shown, downloaded, read back.

const decisions = new Map();

const nameOf = (kind, id, text) => `${kind}\n${id}\n${text}`;

const storeName = () => `archiver-report:${index.name}`;

function loadDecisions() {
  try {
    for (const item of JSON.parse(remembered.get(storeName()) || "[]")) {
      decisions.set(nameOf(item.kind, item.document, item.text), item);
    }
  } catch { /* what another program left there */ }
}

function changed() {
  const kept = remembered.set(storeName(), JSON.stringify([...decisions.values()]));
  $("unkept").hidden = kept || !decisions.size;
  showCount();
  if (!$("v-decisions").hidden) showDecisions();
}

function showCount() {
  refill($("made"), number(decisions.size));
}

function decide(decision) {
  decisions.set(nameOf(decision.kind, decision.document, decision.text), decision);
  changed();
}

function takeBack(decision) {
  decisions.delete(nameOf(decision.kind, decision.document, decision.text));
  changed();
}

const WORDS = { keep: "wrongly removed", drop: "missed" };

function showDecisions() {
  const all = [...decisions.values()];
  const unsaid = all.filter((item) => item.cannot).length;
  refill($("decided-told"), all.length
    ? `${counted(all.length, "decision")}. As rules: ${number(all.length - unsaid)}` +
      (unsaid ? `; as comments, since no rule can say them: ${number(unsaid)}.` : ".")
    : "None so far. Open a document, go to a line, and mark it as wrongly removed (w) or missed (m).");
  refill($("decided"), all.map((item) => el("tr", null,
    el("td", null, WORDS[item.kind]),
    el("td", { dir: "auto", class: "text" }, item.text.length > 300 ? `${item.text.slice(0, 300)}…` : item.text,
      item.note && el("div", { class: "faint" }, item.note),
      item.cannot && el("div", { class: "faint" }, `no rule can say this: ${item.cannot}`)),
    el("td", null, el("a", { href: documentLink(item.document) }, item.document)),
    el("td", null, item.kind === "keep" ? item.rule : item.family),
    el("td", null, el("button", { type: "button", "data-back": nameOf(item.kind, item.document, item.text),
      "aria-label": `Take back: ${item.text.slice(0, 60)}` }, "Take back")),
  )));
  $("decided-table").hidden = !all.length;
  $("download").disabled = !all.length;
  $("pack").hidden = !all.length;
  $("pack-text").textContent = all.length ? packText(all) : "";
}

function download() {
  const blob = new Blob([packText([...decisions.values()])], { type: "application/toml" });
  const link = el("a", { href: URL.createObjectURL(blob), download: "decisions.toml" });
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  announce("decisions.toml is downloaded");
}

async function readBack(file) {
  try {
    const found = readPack(await file.text());
    for (const item of found) decisions.set(nameOf(item.kind, item.document, item.text), item);
    changed();
    showDecisions();
    refill($("read-told"), `${counted(found.length, "decision")} read from ${file.name}.`);
  } catch (problem) {
    refill($("read-told"), `${file.name} was not read: ${problem.message}.`);
  }
}

function startDecisions() {
  loadDecisions();
  showCount();
  $("download").addEventListener("click", download);
  $("read").addEventListener("change", (event) => {
    if (event.target.files[0]) readBack(event.target.files[0]);
    event.target.value = "";
  });
  $("decided").addEventListener("click", (event) => {
    const button = event.target.closest("[data-back]");
    if (!button) return;
    takeBack(decisions.get(button.dataset.back));
    $("decided-told").focus();
    announce("Taken back");
  });
}
