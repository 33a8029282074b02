// Colours for the text, and lines under what is wrong.
const WORDS = new Set("net where let block use train expect output auxiliary as same valid and not true false pad freeze".split(" "));
const PIECES = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"[^"\n]*"|\d[\w.]*|[A-Za-z_]\w*|=>|[|]/g;
let layerNames = new Set();

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

function kindOf(piece, after) {
  if (/^\/[/*]/.test(piece)) return "comment";
  if (piece[0] === '"') return "string";
  if (/^\d/.test(piece)) return "number";
  if (piece === "=>" || piece === "|") return "arrow";
  if (layerNames.has(piece)) return "layer";
  if (WORDS.has(piece)) return "word";
  if (/^\s*=(?!>)/.test(after)) return "option";
  return "";
}

function marked(text, diagnostics) {
  const kinds = [];
  for (const found of text.matchAll(PIECES)) {
    const end = found.index + found[0].length;
    kinds.push([found.index, end, kindOf(found[0], text.slice(end, end + 20))]);
  }
  const wrong = diagnostics.filter((d) => d.place).map((d) => [d.place[0], Math.max(d.place[1], d.place[0] + 1), d.error ? "error" : "warning"]);
  const cuts = new Set([0, text.length]);
  for (const [start, end] of [...kinds, ...wrong]) cuts.add(start).add(Math.min(end, text.length));
  const places = [...cuts].sort((a, b) => a - b);
  let html = "";
  let next = 0;
  for (let i = 0; i + 1 < places.length; i++) {
    const [start, end] = [places[i], places[i + 1]];
    while (next < kinds.length && kinds[next][1] <= start) next++;
    const kind = next < kinds.length && kinds[next][0] <= start ? kinds[next][2] : "";
    const problem = wrong.find((w) => w[0] <= start && w[1] >= end);
    const classes = `${kind} ${problem ? problem[2] : ""}`.trim();
    const piece = escaped(text.slice(start, end));
    html += classes ? `<span class="${classes}">${piece}</span>` : piece;
  }
  return `${html}\n `;
}
