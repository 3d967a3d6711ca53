// The lines of a document: what stays, goes and comes on each. As archiver/text/diff.py has them.

const BLANK = /^[\s\x1c-\x1f\x85]*$/;

/** Lines of the raw text: {n, mark: " ", "-" or "~", spans: [{kind, text, edit}]}. */
function linesOf(item) {
  const lines = [];
  let spans = [];
  let breaks = []; // the edits that take the line's end away
  const close = () => {
    lines.push(lineOf(lines.length + 1, spans, breaks));
    spans = [];
    breaks = [];
  };
  const lay = (kind, text, edit) => { if (text) spans.push({ kind, text, edit }); };
  item.s.forEach((piece, at) => {
    if (typeof piece === "string") {
      piece.split("\n").forEach((text, nth) => { if (nth) close(); lay("same", text); });
      return;
    }
    piece[0].split("\n").forEach((text, nth) => {
      if (nth) { breaks.push(at); close(); }
      lay("gone", text, at);
      if (nth === 0) lay("new", piece[1], at);
    });
  });
  if (spans.some((span) => span.text)) close();
  return lines;
}

function lineOf(n, spans, breaks) {
  const of = (...kinds) => spans.filter((span) => kinds.includes(span.kind)).map((span) => span.text).join("");
  const edits = unique([...spans.filter((span) => span.edit !== undefined).map((span) => span.edit), ...breaks]);
  const clean = of("same", "new");
  const gone = of("gone");
  const mark = !edits.length ? " " : clean === "" ? "-" : "~";
  return { n, mark, spans, edits, clean, gone, blank: BLANK.test(mark === "-" ? gone : clean + gone) };
}

/** What a decision on a line would say: its text, its key, why no rule can say it. */
function triedOf(item, line) {
  const text = line.mark === "-" ? line.gone : line.clean;
  if (BLANK.test(text)) return null;
  const [other, key, cannot] = item.n[line.n] || [0, 0, 0];
  return { text: other || text, key: key || plainKey(other || text), cannot: cannot || "" };
}

const SPACES = /[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

const plainKey = (text) => text.toLowerCase().replace(SPACES, " ").replace(/^ +| +$/g, "");

/** Lines near a change, and how many stay between them. */
function near(lines, context) {
  const close = new Set();
  lines.forEach((line, at) => {
    if (line.mark === " ") return;
    for (let by = -context; by <= context; by += 1) close.add(at + by);
  });
  const found = [];
  let skipped = 0;
  lines.forEach((line, at) => {
    if (!close.has(at)) { skipped += 1; return; }
    if (skipped) found.push({ skipped });
    skipped = 0;
    found.push(line);
  });
  if (skipped) found.push({ skipped });
  return found;
}
