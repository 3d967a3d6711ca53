// Decisions as a rule pack. archiver/report/decisions.py writes the same, byte for byte.

const STATED = "#= ";
const GOES_ON = " – a sentence may say this and go on.";
const FIELDS = ["kind", "text", "key", "document", "file", "host", "rule", "family", "note", "cannot"];
const HIDDEN = /[\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const FAMILY = /^[a-z][a-z0-9-]{0,39}$/;

const soundJson = (value) => JSON.stringify(value, (_, item) =>
  typeof item === "string" ? item.replace(LONE, "\ufffd") : item)
  .replace(HIDDEN, (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"));

const listed = (texts) => `[${texts.map(soundJson).join(", ")}]`;
const unique = (texts) => [...new Set(texts)];

function packText(decisions) {
  const rows = [`schema = ${soundJson("archiver-rules/1")}`, ""];
  rows.push("# Decisions made in the page of `archiver report` or with `archiver review`.");
  rows.push("# Keep it in a folder of its own; `archiver rules check FOLDER` tells if it holds.");
  const [rules, unsaid] = sortedOut(decisions);
  for (const decision of unsaid) {
    const why = decision.cannot.replace(HIDDEN, " ").split(/\s+/).filter(Boolean).join(" ");
    rows.push("", `# No rule can say this: ${why}.`, stated(decision));
  }
  const named = rules.map((group) => [ruleId(group[0]), group]);
  named.sort((one, other) => (one[0] < other[0] ? -1 : 1));
  for (const [, group] of named) rows.push("", ...ruleRows(group));
  return rows.join("\n") + "\n";
}

function sortedOut(decisions) {
  const kept = new Set(decisions.filter((d) => d.kind === "keep" && !d.cannot).map((d) => d.key));
  const groups = new Map();
  const unsaid = [];
  for (const decision of decisions) {
    if (decision.cannot) unsaid.push(decision);
    else if (decision.kind === "drop" && kept.has(decision.key)) {
      unsaid.push({ ...decision, cannot: "another decision keeps the same line" });
    } else {
      const name = `${decision.kind}\n${decision.key}`;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(decision);
    }
  }
  return [[...groups.values()], unsaid];
}

function ruleRows(group) {
  const first = group[0];
  let texts = unique(group.map((d) => d.text));
  const hosts = unique(group.map((d) => d.host)).sort();
  const rows = ["[[rule]]", `id = ${soundJson(ruleId(first))}`, `action = ${soundJson(first.kind)}`];
  if (!hosts.includes("")) rows.push(`hosts = ${listed(hosts)}`);
  rows.push(`literals = ${listed(texts)}`, `why = ${soundJson(whyOf(group))}`);
  rows.push(`seen = ${soundJson(unique(group.map((d) => d.document)).slice(0, 3).join(", "))}`);
  if (first.kind === "drop") {
    rows.push(`removes = ${listed(texts)}`);
    texts = texts.map((text) => text + GOES_ON);
  }
  rows.push(`keeps = ${listed(texts)}`);
  return [...rows, ...group.map(stated)];
}

function whyOf(group) {
  const notes = unique(group.map((d) => d.note).filter((note) => note.trim()));
  if (notes.length) return notes.join(" ");
  if (group[0].kind === "drop") return "A reader marked this line as missed.";
  return `A reader marked this line as wrongly removed by ${group[0].rule}.`;
}

/** The same for the same line, wherever it was decided: FNV-1a, 64 bits. */
function ruleId(decision) {
  let digest = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(decision.key)) {
    digest = BigInt.asUintN(64, (digest ^ BigInt(byte)) * 0x100000001b3n);
  }
  const name = digest.toString(16).padStart(16, "0");
  return decision.kind === "keep" ? `review.kept-${name}` : `${decision.family}.missed-${name}`;
}

function stated(decision) {
  const said = Object.fromEntries(FIELDS.map((name) => [name, decision[name] || ""]));
  return STATED + soundJson(said);
}

/** The decisions in a pack; throws an Error that names the line which holds none. */
function readPack(text) {
  const found = [];
  text.split("\n").forEach((row, at) => {
    if (!row.startsWith(STATED)) return;
    try {
      const said = JSON.parse(row.slice(STATED.length));
      if (typeof said.reviewed === "string") return;
      const sound = Object.entries(said).every(([key, value]) => FIELDS.includes(key) && typeof value === "string");
      if (!sound || !["keep", "drop"].includes(said.kind) || !said.document || !FAMILY.test(said.family)) {
        throw new Error("it is of another form");
      }
      found.push(Object.fromEntries(FIELDS.map((name) => [name, said[name] || ""])));
    } catch (problem) {
      throw new Error(`line ${at + 1} holds no decision: ${problem.message}`);
    }
  });
  return found;
}
