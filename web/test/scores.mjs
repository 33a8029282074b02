// The module under node against the host: node scores.mjs HOST.json MODULE.wasm WEIGHTS
import { readFile } from "node:fs/promises";

const TOLERANCE = 1e-5; // of the largest number of a layer's values
const [hostFile, moduleFile, weightsFile] = process.argv.slice(2);
const host = JSON.parse(await readFile(hostFile, "utf8"));
const { instance } = await WebAssembly.instantiate(await readFile(moduleFile), {});
const wasm = instance.exports;

function write(place, data) {
  const at = wasm[place](data.length);
  new Uint8Array(wasm.memory.buffer, at, data.length).set(data);
}

function ask(question, blob = new Uint8Array()) {
  write("blob", blob);
  write("input", new TextEncoder().encode(JSON.stringify(question)));
  const at = wasm.call();
  const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, at, wasm.answer_len())));
  if (answer.error) throw new Error(answer.error);
  return { answer, numbers: new Float32Array(wasm.memory.buffer.slice(wasm.answer_blob(), wasm.answer_blob() + wasm.answer_blob_len())) };
}

ask({ do: "load", text: host.text }, await readFile(weightsFile));
let worst = 0;
let right = 0;
for (const { pixels, label, numbers: expected } of host.digits) {
  const { answer, numbers } = ask({ do: "classify", pixels });
  if (numbers.length !== expected.length) throw new Error(`${numbers.length} numbers, the host has ${expected.length}`);
  const starts = [0, ...answer.layers.map((layer) => layer.first), numbers.length];
  for (let i = 0; i + 1 < starts.length; i++) {
    const part = expected.slice(starts[i], starts[i + 1]);
    const largest = Math.max(...part.map(Math.abs));
    const error = Math.max(...part.map((x, k) => Math.abs(x - numbers[starts[i] + k]))) / largest;
    worst = Math.max(worst, error);
  }
  right += answer.probabilities.indexOf(Math.max(...answer.probabilities)) === label;
}
console.log(`${host.digits.length} digits, every layer: differs from the host by ${worst.toExponential(1)} of the layer's largest number; ${right} are right`);
if (!(worst <= TOLERANCE)) throw new Error(`more than ${TOLERANCE}`);
if (right < host.digits.length - 1) throw new Error("the weights are not the network's");
