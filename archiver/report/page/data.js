// The data: base64 of gzipped JSON, in script elements that no browser runs.

const KEPT_PACKETS = 24;

let index = null; // the list, column by column: see archiver/report/payload.py
let where = null; // place of a document -> its packet and its turn in there, or -1
const packets = new Map();

async function unpacked(letters) {
  const binary = atob(letters);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function loadIndex() {
  index = await unpacked($("index").textContent);
  index.count = index.list.id.length;
  where = new Int32Array(index.count * 2).fill(-1);
  index.packets.forEach((places, packet) => places.forEach((place, turn) => {
    where[2 * place] = packet;
    where[2 * place + 1] = turn;
  }));
  index.places = new Map(index.list.id.map((id, place) => [id, place]));
}

/** The documents of a packet; the last few stay unpacked. */
function packet(name) {
  let found = packets.get(name);
  packets.delete(name);
  if (!found) found = unpacked($(`p${name}`).textContent);
  packets.set(name, found);
  if (packets.size > KEPT_PACKETS) packets.delete(packets.keys().next().value);
  return found;
}

const isHere = (place) => where[2 * place] >= 0;

async function documentAt(place) {
  return isHere(place) ? (await packet(where[2 * place]))[where[2 * place + 1]] : null;
}

const familyOf = (rule) => index.families[index.rules[rule].family];
