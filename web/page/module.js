// A module in a worker of its own, which is started anew where it traps.
const byId = (id) => document.getElementById(id);

async function unpacked(base64) {
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A new element: its name, its class, what it holds.
function make(name, kind, ...inside) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

function notice(text) {
  const place = byId("notice");
  place.textContent = text;
  place.hidden = !text;
}

const workerAddress = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));

class Module {
  constructor(code, restarted) {
    this.code = code;
    this.restarted = restarted || (() => {});
    this.number = 0;
    this.waiting = new Map();
    this.start();
  }

  start() {
    this.worker = new Worker(workerAddress);
    this.worker.onmessage = ({ data }) => this.heard(data);
    this.worker.onerror = (event) => this.heard({ trapped: event.message });
    this.worker.postMessage({ module: this.code });
  }

  // The answer and its bytes; `part` hears of what comes before.
  ask(question, blob, part) {
    const id = ++this.number;
    return new Promise((good, bad) => {
      this.waiting.set(id, { good, bad, part });
      this.worker.postMessage({ id, question, blob });
    });
  }

  stop() {
    this.worker.postMessage({ stop: true });
  }

  heard(data) {
    if (data.trapped) return this.again(data.trapped);
    const waits = this.waiting.get(data.id);
    if (!waits) return;
    if (data.part) {
      if (waits.part) waits.part(data.part);
      return;
    }
    this.waiting.delete(data.id);
    if (data.answer.error) waits.bad(new Error(data.answer.error));
    else waits.good(data);
  }

  again(message) {
    this.worker.terminate();
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    this.start();
    notice(`netc failed, which is a mistake in netc, and was started anew: ${message}`);
    for (const { bad } of lost) bad(new Error("netc was started anew"));
    this.restarted();
  }
}
