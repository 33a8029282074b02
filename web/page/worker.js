// The module in a worker: a question in, an answer out; a run of training is many questions, between which it can be stopped.
"use strict";
let wasm = null;
let stopped = false;

const bytes = (at, len) => new Uint8Array(wasm.memory.buffer, at, len);

function write(place, data) {
  const at = wasm[place](data.length);
  bytes(at, data.length).set(data);
}

function ask(question, blob) {
  write("blob", blob || new Uint8Array());
  write("input", new TextEncoder().encode(JSON.stringify(question)));
  const at = wasm.call();
  const answer = JSON.parse(new TextDecoder().decode(bytes(at, wasm.answer_len())));
  const data = bytes(wasm.answer_blob(), wasm.answer_blob_len()).slice();
  return { answer, data };
}

// Why the module trapped: the panic's message, if there was one.
function trapped(error) {
  try {
    const message = new TextDecoder().decode(bytes(wasm.last_panic(), wasm.last_panic_len()));
    return message || String(error);
  } catch {
    return String(error);
  }
}

const pause = () => new Promise((go) => setTimeout(go));

async function train(id, text) {
  stopped = false;
  const begun = ask({ do: "train", text }).answer;
  postMessage({ id, part: begun });
  if (begun.error) return { answer: begun, data: new Uint8Array() };
  let figures = { done: false };
  // As many steps as take about a twentieth of a second: the curves move, and a stop is heeded.
  let count = 1;
  while (!figures.done && !figures.error && !stopped) {
    const start = performance.now();
    figures = ask({ do: "steps", count }).answer;
    const took = performance.now() - start;
    count = Math.max(1, Math.min(64, Math.round((count * 50) / Math.max(took, 1))));
    postMessage({ id, part: figures });
    await pause();
  }
  if (figures.error) return { answer: figures, data: new Uint8Array() };
  return ask({ do: "weights" });
}

onmessage = async ({ data }) => {
  if (data.stop) {
    stopped = true;
    return;
  }
  try {
    if (data.module) {
      wasm = new WebAssembly.Instance(new WebAssembly.Module(data.module)).exports;
      return;
    }
    const { id, question, blob } = data;
    const result = question.do === "run" ? await train(id, question.text) : ask(question, blob);
    postMessage({ id, ...result });
  } catch (error) {
    postMessage({ trapped: trapped(error) });
  }
};
