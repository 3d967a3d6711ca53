// Why: what took the line in focus or under the pointer, and what to do about it.

function focusLine(n, scroll) {
  const made = rowAt(n);
  if (!made) return;
  const button = made.querySelector(".no");
  setTab(button);
  button.focus({ preventScroll: true });
  if (scroll) made.scrollIntoView({ block: "center" });
}

/** Tell of a line; 0: of none. `passing`: the pointer is over it, and it gets no buttons. */
function showWhy(n, passing) {
  const line = n ? lines[n - 1] : null;
  $("why").hidden = !line;
  if (!line) return;
  const edits = line.edits.map((edit) => item.s[edit]);
  const told = edits.length ? edits.map((edit) => {
    const rule = index.rules[edit[2]];
    const family = index.families[rule.family];
    return el("p", null, el("span", { class: `mark f${rule.family}` }, family.mark), " ",
      el("strong", null, rule.id), ` – ${rule.why || "No reason is known."}`,
      edit[3] > 0 && el("span", { class: "score" }, ` Score ${edit[3].toFixed(4)}: the probability that it is no content.`));
  }) : [el("p", null, "This line stays: nothing was removed from it.")];
  refill($("why-told"), el("p", { class: "faint" }, `Line ${line.n}, ` +
    { " ": "kept", "-": "removed", "~": "changed within" }[line.mark]), told);
  if (passing) return;
  showActions(line);
}

function showActions(line) {
  const tried = triedOf(item, line);
  const made = tried && decisionOn(line);
  const kind = line.mark === "-" ? "keep" : "drop";
  $("wrong").hidden = !tried || Boolean(made) || kind !== "keep";
  $("missed").hidden = !tried || Boolean(made) || kind !== "drop";
  $("as").hidden = $("missed").hidden && !(made && made.kind === "drop");
  $("back").hidden = !made;
  $("note-label").hidden = !made;
  if (made) { $("note").value = made.note; $("as-family").value = made.family; }
  const cannot = made ? made.cannot : tried && tried.cannot;
  refill($("why-cannot"), cannot ? `No rule can say this: ${cannot}. A decision is noted as a comment.` : "");
}

function mark(kind) {
  const line = current ? lines[current - 1] : null;
  const tried = line && triedOf(item, line);
  if (!tried || decisionOn(line)) return;
  if ((kind === "keep") !== (line.mark === "-")) {
    announce(kind === "keep" ? "This line was not removed" : "This line was removed");
    return;
  }
  const rule = line.edits.length ? index.rules[item.s[line.edits[0]][2]].id : "";
  decide({
    kind, text: tried.text, key: tried.key, document: index.list.id[opened], file: index.list.path[opened] || "",
    host: item.h, rule: kind === "keep" ? rule : "", family: kind === "keep" ? "navigation" : $("as-family").value,
    note: "", cannot: tried.cannot,
  });
  after(line, `Marked as ${WORDS[kind]}`);
}

function after(line, words) {
  redraw(line.n);
  showWhy(line.n);
  announce(words);
}

function unmark() {
  const line = current ? lines[current - 1] : null;
  const made = line && decisionOn(line);
  if (!made) return;
  takeBack(made);
  after(line, "Taken back");
}

/** To the next or last line that was changed; from line to line with `any`. */
function jump(by, any) {
  for (let n = current + by; n >= 1 && n <= lines.length; n += by) {
    if (!any && (lines[n - 1].mark === " " || lines[n - 1].blank)) continue;
    while (!rowAt(n) && !$("more").hidden) drawMore(FIRST_LINES);
    if (rowAt(n)) { focusLine(n, true); return; }
  }
  announce(by > 0 ? "No more below" : "No more above");
}

function startWhy() {
  const rowOf = (event) => event.target.closest(".line");
  $("lines").addEventListener("focusin", (event) => {
    const made = rowOf(event);
    if (!made) return;
    $("lines").querySelector(".now")?.classList.remove("now");
    made.classList.add("now");
    current = Number(made.dataset.n);
    showWhy(current);
  });
  $("lines").addEventListener("click", (event) => {
    const made = rowOf(event);
    if (made && !window.getSelection().toString()) focusLine(Number(made.dataset.n), false);
  });
  $("lines").addEventListener("pointerover", (event) => {
    const made = rowOf(event);
    if ($("why").contains(document.activeElement)) return; // a note is being typed
    if (made && event.pointerType === "mouse" && Number(made.dataset.n) !== current) {
      showWhy(Number(made.dataset.n), true);
      for (const name of ["wrong", "missed", "as", "back", "note-label"]) $(name).hidden = true;
      refill($("why-cannot"), "");
    }
  });
  $("lines").addEventListener("pointerleave", () => showWhy(current));
  $("wrong").addEventListener("click", () => mark("keep"));
  $("missed").addEventListener("click", () => mark("drop"));
  $("back").addEventListener("click", unmark);
  $("note").addEventListener("input", () => amend({ note: $("note").value }));
  $("as-family").addEventListener("change", () => amend({ family: $("as-family").value }));
  $("more").addEventListener("click", () => drawMore(FIRST_LINES));
  document.querySelectorAll("input[name=view]").forEach((input) => input.addEventListener("change", () => {
    current = 0;
    showWhy(0);
    showLines();
  }));
}

function amend(change) {
  const made = current && decisionOn(lines[current - 1]);
  if (made) decide({ ...made, ...change });
}
