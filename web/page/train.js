// Training in a worker of its own, with its curves.
const SVG = "http://www.w3.org/2000/svg";

function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// A curve over epochs: thin while learning, thick on digits that it does not learn from.
function curve(title, epochs, top, learn, test, shown) {
  const [width, height, left, right, head, foot] = [360, 220, 40, 14, 34, 26];
  const x = (epoch) => left + (epoch / Math.max(epochs, 1)) * (width - left - right);
  const y = (value) => height - foot - (Math.min(value, top) / top) * (height - head - foot);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  svg.append(drawn("text", { class: "head", x: 12, y: 21 }, title));
  svg.append(drawn("text", { x: width - 132, y: 21, style: "fill:var(--cold)" }, "training"), drawn("text", { x: width - 74, y: 21, style: "fill:var(--hot)" }, "test digits"));
  for (let i = 0; i <= 4; i++) {
    const value = (top * i) / 4;
    svg.append(drawn("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    svg.append(drawn("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, shown(value)));
  }
  svg.append(drawn("text", { x: left, y: height - 9 }, "0"), drawn("text", { x: width - right, y: height - 9, "text-anchor": "end" }, `${epochs} epochs`));
  const line = (points, kind) => {
    const path = points.map(([epoch, value], i) => `${i ? "L" : "M"}${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    svg.append(drawn("path", { class: kind, d: path }));
  };
  if (learn.length) line(learn, "learn");
  if (test.length) line(test, "test");
  for (const [epoch, value] of test) svg.append(drawn("circle", { cx: x(epoch), cy: y(value), r: 3 }));
  return svg;
}

class TrainView {
  constructor(module, editor, trained) {
    this.module = module;
    this.editor = editor;
    this.trained = trained;
    this.clear();
    byId("go").onclick = () => this.run();
    byId("stop").onclick = () => {
      byId("progress").textContent = "stopping";
      this.module.stop();
    };
    byId("save").onclick = () => this.save();
    this.paint();
  }

  clear() {
    this.learn = { loss: [], accuracy: [] };
    this.test = { loss: [], accuracy: [] };
    this.about = { epochs: 1 };
  }

  async run() {
    const { text } = this.editor;
    this.clear();
    this.running(true);
    const start = performance.now();
    try {
      const { data } = await this.module.ask({ do: "run", text }, null, (part) => this.heard(part, (performance.now() - start) / 1000));
      this.weights = data;
      byId("save").disabled = false;
      await this.trained(text, data, this.about.name);
      byId("about-run").textContent = `${this.about.name} is trained: the page Digit classifies by it now.`;
    } catch (error) {
      byId("about-run").textContent = error.message;
    }
    this.running(false);
  }

  running(is) {
    byId("go").disabled = is;
    byId("stop").disabled = !is;
  }

  heard(part, seconds) {
    if (part.error) return;
    if (part.epochs) {
      this.about = part;
      const left = part.leftOut.length ? ` The page leaves out: ${part.leftOut.join(", ")}.` : "";
      byId("about-run").textContent = `${part.name}: ${part.pictures.toLocaleString("en")} digits, batches of ${part.batch}, ${part.epochs} epochs.${left}`;
      return;
    }
    this.learn.loss.push([part.epoch, part.loss]);
    this.learn.accuracy.push([part.epoch, part.accuracy]);
    if (part.test) {
      this.test.loss.push([part.epoch, part.test.loss]);
      this.test.accuracy.push([part.epoch, part.test.accuracy]);
    }
    this.latest = { ...part, seconds };
    this.paint();
  }

  paint() {
    const { epochs } = this.about;
    const losses = this.learn.loss.map(([, loss]) => loss);
    const most = Math.max(0.4, Math.min(3, Math.ceil(Math.max(0, ...losses) * 5) / 5));
    byId("curves").replaceChildren(
      curve("Loss", epochs, most, this.learn.loss, this.test.loss, (v) => v.toFixed(1)),
      curve("Accuracy", epochs, 1, this.learn.accuracy, this.test.accuracy, (v) => `${Math.round(100 * v)} %`),
    );
    if (!this.learn.loss.length) return;
    const { step, epoch, loss, seconds } = this.latest;
    byId("done").value = epoch / epochs;
    byId("progress").textContent = `epoch ${Math.min(epochs, Math.floor(epoch) + 1)} of ${epochs}`;
    const last = this.test.accuracy.at(-1);
    const facts = [["steps", step.toLocaleString("en")], ["loss", loss.toFixed(3)], ["test accuracy", last ? `${(100 * last[1]).toFixed(1)} %` : "..."], ["seconds", seconds.toFixed(1)]];
    byId("figures").replaceChildren(...facts.map(([what, value]) => make("div", "", make("dt", "", what), make("dd", "", value))));
  }

  save() {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([this.weights]));
    link.download = `${(this.about.name || "network").toLowerCase()}.safetensors`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}
