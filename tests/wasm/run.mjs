// Runs the networks in WebAssembly and compares their outputs with the host's: node run.mjs HOST.json MODULE.wasm...
// With several modules it also times them in turns, and shows by how much each is faster than the first.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const TOLERANCE = 1e-5; // of the largest output
const [hostFile, ...files] = process.argv.slice(2);
const host = JSON.parse(await readFile(hostFile, "utf8"));
const modules = [];
for (const file of files) {
  const { instance } = await WebAssembly.instantiate(await readFile(file), {});
  modules.push({ name: basename(file, ".wasm"), ...instance.exports });
}

function outputs(module, network, batch) {
  const numbers = module.prepare(network, batch);
  return new Float32Array(module.memory.buffer, module.pass(), numbers);
}

function compare(module, network, name, expected) {
  const found = outputs(module, network, 3);
  if (found.length !== expected.length) throw new Error(`${name}: ${found.length} numbers, the host has ${expected.length}`);
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((x, i) => Math.abs(x - found[i]))) / largest;
  console.log(`${name}, ${module.name}: differs from the host by ${error.toExponential(1)} of the largest output`);
  if (!(error <= TOLERANCE)) throw new Error(`${name}, ${module.name}: more than ${TOLERANCE}`);
}

// The least time of a pass, in ms.
function time(module, passes) {
  const start = performance.now();
  for (let i = 0; i < passes; i++) module.pass();
  return (performance.now() - start) / passes;
}

host.forEach(([name, expected], network) => {
  for (const module of modules) compare(module, network, name, expected);
  if (modules.length < 2) return;
  for (const module of modules) {
    outputs(module, network, 1);
    module.passes = Math.ceil(20 / time(module, 50));
    module.least = Infinity;
  }
  for (let round = 0; round < 10; round++) {
    for (const module of modules) module.least = Math.min(module.least, time(module, module.passes));
  }
  for (const { name: way, least } of modules) {
    const ratio = (modules[0].least / least).toFixed(2);
    console.log(`${name}, batch 1, ${way}: ${least.toFixed(4)} ms, ${ratio} times as fast as ${modules[0].name}`);
  }
});
