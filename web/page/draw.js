// A digit drawn by hand, and what each layer of the network makes of it.
const SIDE = 8;
const PEN = 27;

// Ink of 8x8 cells, 0 to 255: the drawing's box fills them and keeps its proportions, as the data set's digits do.
function cells(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const ink = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[4 * (y * width + x) + 3]);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink(x, y) < 64) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  if (right < 0) return null;
  const size = Math.max(right - left, bottom - top) + 1;
  const [x0, y0] = [(left + right + 1 - size) / 2, (top + bottom + 1 - size) / 2];
  const edge = (i) => Math.round((i * size) / SIDE);
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    let [sum, count] = [0, 0];
    for (let y = edge(row); y < edge(row + 1); y++) {
      for (let x = edge(column); x < edge(column + 1); x++, count++) sum += ink(Math.floor(x0 + x), Math.floor(y0 + y));
    }
    return Math.round(sum / Math.max(1, count));
  });
}

// Blue below zero, orange above, the darker the nearer.
function colour(value) {
  const strength = Math.min(1, Math.abs(value));
  const [r, g, b] = value < 0 ? [56, 189, 248] : [251, 146, 60];
  const part = (c, base) => Math.round(base + (c - base) * strength);
  return [part(r, 15), part(g, 23), part(b, 42)];
}

// The maps of a layer side by side.
function maps(canvas, shape, values) {
  const [h, w, c] = shape.length === 3 ? shape : [1, 1, shape[0]];
  const gap = h * w > 1 ? 1 : 0;
  const columns = h * w > 1 ? Math.min(c, 16) : Math.min(c, 60);
  const rows = Math.ceil(c / columns);
  canvas.width = columns * (w + gap) - gap;
  canvas.height = rows * (h + gap) - gap;
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let k = 0; k < c; k++) {
    const [left, top] = [(k % columns) * (w + gap), Math.floor(k / columns) * (h + gap)];
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const [r, g, b] = colour(values[(y * w + x) * c + k] / largest);
        image.data.set([r, g, b, 255], 4 * ((top + y) * canvas.width + left + x));
      }
    }
  }
  context.putImageData(image, 0, 0);
  const scale = h * w > 1 ? Math.max(2, Math.min(9, Math.floor(84 / w))) : 11;
  canvas.style.width = `${canvas.width * scale}px`;
}

class DigitView {
  constructor(module) {
    this.module = module;
    this.canvas = byId("paper");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(this.context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#f8fafc" });
    this.pen = { x: 140, y: 60, down: false };
    byId("chances").append(...Array.from({ length: 10 }, (_, i) => make("li", "", String(i), make("i", "", make("b")), make("span", "", ""))));
    this.listen();
    this.cursor();
    byId("clear").onclick = () => this.clear();
  }

  // The network that classifies: its text, its weights, in words.
  async load(text, weights, whose) {
    this.loaded = { text, weights, whose };
    await this.module.ask({ do: "load", text }, weights);
    byId("whose").textContent = `Classified by ${whose}. Each layer's maps: orange above zero, blue below.`;
    await this.classify();
  }

  again() {
    if (this.loaded) this.load(this.loaded.text, this.loaded.weights, this.loaded.whose).catch((error) => notice(error.message));
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  listen() {
    let last = null;
    this.canvas.onpointerdown = (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      last = this.place(event);
      this.stroke(last, last);
    };
    this.canvas.onpointermove = (event) => {
      if (!last) return;
      const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const each of all.length ? all : [event]) {
        const next = this.place(each);
        this.stroke(last, next);
        last = next;
      }
    };
    this.canvas.onpointerup = this.canvas.onpointercancel = () => {
      last = null;
    };
    this.canvas.onkeydown = (event) => this.key(event);
  }

  key(event) {
    const step = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] }[event.key];
    const { pen } = this;
    if (step) {
      const from = [pen.x, pen.y];
      pen.x = Math.max(10, Math.min(270, pen.x + step[0]));
      pen.y = Math.max(10, Math.min(270, pen.y + step[1]));
      if (pen.down) this.stroke(from, [pen.x, pen.y]);
    } else if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) this.stroke([pen.x, pen.y], [pen.x, pen.y]);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else return;
    event.preventDefault();
    this.cursor();
  }

  // Where the keyboard's pen is: a spot behind the drawing.
  cursor() {
    const { x, y, down } = this.pen;
    this.canvas.style.backgroundImage = `radial-gradient(circle at ${x / 2.8}% ${y / 2.8}%, ${down ? "#fb923c" : "#475569"} 5px, transparent 6px)`;
  }

  stroke(from, to) {
    const { context } = this;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]);
    context.stroke();
    this.soon();
  }

  clear() {
    this.context.clearRect(0, 0, 280, 280);
    this.soon();
  }

  // Once a frame, and never two questions at a time.
  soon() {
    if (this.asked) {
      this.more = true;
      return;
    }
    this.asked = true;
    requestAnimationFrame(async () => {
      await this.classify().catch((error) => notice(error.message));
      this.asked = false;
      if (this.more) {
        this.more = false;
        this.soon();
      }
    });
  }

  async classify() {
    const pixels = cells(this.canvas);
    this.see(pixels || new Array(SIDE * SIDE).fill(0));
    if (!pixels) return this.guess(null);
    const { answer, data } = await this.module.ask({ do: "classify", pixels });
    const numbers = new Float32Array(data.buffer, 0, data.length / 4);
    this.guess(answer.probabilities);
    this.layers(answer.layers, numbers);
  }

  see(pixels) {
    const context = byId("seen").getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    context.putImageData(image, 0, 0);
  }

  guess(chances) {
    const best = chances ? chances.indexOf(Math.max(...chances)) : -1;
    byId("best").textContent = chances ? String(best) : "?";
    [...byId("chances").children].forEach((row, i) => {
      const chance = chances ? (chances[i] ?? 0) : 0;
      row.className = i === best ? "top" : "";
      row.querySelector("b").style.width = `${100 * chance}%`;
      row.querySelector("span").textContent = chances ? `${(100 * chance).toFixed(1)} %` : "";
    });
    if (!chances) byId("layers").replaceChildren();
  }

  layers(layers, numbers) {
    const place = byId("layers");
    while (place.children.length > layers.length) place.lastChild.remove();
    layers.forEach((layer, i) => {
      let figure = place.children[i];
      if (!figure) {
        figure = make("figure", "", make("figcaption"), make("canvas"));
        place.append(figure);
      }
      figure.firstChild.replaceChildren(make("b", "", layer.text), layer.shape.join("×"));
      const size = layer.shape.reduce((a, b) => a * b, 1);
      figure.lastChild.setAttribute("aria-label", `The values of ${layer.name}`);
      maps(figure.lastChild, layer.shape, numbers.subarray(layer.first, layer.first + size));
    });
  }
}
