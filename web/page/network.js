// The drawing, the layers on it, the summary and the Rust.
class NetworkView {
  constructor(module, editor) {
    this.module = module;
    this.editor = editor;
    // The drawing's styles stay in it.
    this.root = byId("drawing").attachShadow({ mode: "open" });
    this.network = null;
    this.code = new Map();
  }

  show({ network }) {
    byId("drawing").classList.toggle("old", !network);
    if (!network) return;
    this.network = network;
    this.code.clear();
    const style = "<style>svg{display:block;margin:0 auto;max-width:100%;height:auto}svg>rect:first-of-type{fill:none}g[role]{cursor:pointer;outline:none}g[role]:hover>rect:first-of-type,g[role]:focus-visible>rect:first-of-type,g.chosen>rect:first-of-type{stroke-opacity:1;stroke-width:2.4}:host-context([data-theme=dark]) svg{filter:invert(0.9) hue-rotate(180deg)}</style>";
    this.root.innerHTML = style + network.svg;
    this.cards();
    byId("summary").textContent = network.summary;
    if (this.chosen && network.layers.some((l) => l.name === this.chosen)) this.choose(this.chosen, false);
    else this.forget();
  }

  cards() {
    const places = new Map(this.network.layers.map((layer, i) => [layer.name, i]));
    this.first = new Map();
    for (const title of this.root.querySelectorAll("g > title")) {
      const name = title.textContent.split(":")[0];
      if (!places.has(name)) continue;
      const card = title.parentNode;
      this.first.set(name, card);
      card.setAttribute("role", "button");
      card.setAttribute("tabindex", "0");
      card.setAttribute("aria-label", title.textContent);
      card.onclick = () => this.choose(name, true);
      card.onkeydown = (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        this.choose(name, true);
      };
    }
  }

  forget() {
    this.chosen = null;
    byId("layer").replaceChildren(make("p", "hint", "Choose a layer for its shape, its parameters and its code."));
  }

  // The layers of a card: its own, and the small ones up to the next card.
  onCard(name) {
    const { layers } = this.network;
    const start = layers.findIndex((layer) => layer.name === name);
    let end = start + 1;
    while (end < layers.length && !this.first.has(layers[end].name)) end++;
    return layers.slice(start, end);
  }

  choose(name, select) {
    this.chosen = name;
    for (const [other, card] of this.first) card.classList.toggle("chosen", other === name);
    const layers = this.onCard(name);
    byId("layer").replaceChildren(...layers.flatMap((layer) => this.describe(layer)));
    if (!select) return;
    const [place] = layers.map((layer) => layer.place).filter(Boolean);
    if (place && getComputedStyle(byId("left")).display !== "none") this.editor.select(place);
    this.rust(layers);
  }

  describe(layer) {
    const number = (n) => n.toLocaleString("en");
    const from = layer.inputs.map((input) => input.shape).join(" and ");
    const facts = [from ? `${from} → ${layer.output}` : layer.output];
    if (layer.params) facts.push(`${number(layer.params)} parameters`);
    if (layer.macs) facts.push(`${number(layer.macs)} MACs`);
    const tensors = layer.tensors.map((t) => `${t.name} ${t.shape.join("×")}`).join(", ");
    const lines = [make("h2", "", `${layer.name}: ${layer.text}`), make("p", "", facts.join(" · "))];
    if (tensors) lines.push(make("p", "", tensors));
    if (layer.about) lines.push(make("p", "", layer.about[0].toUpperCase() + layer.about.slice(1)));
    return lines;
  }

  // What the generated Rust says of the layers.
  async rust(layers) {
    const chosen = this.chosen;
    const code = await this.generated(false).catch(() => "");
    if (chosen !== this.chosen) return;
    const names = layers.map((layer) => layer.name);
    const said = new RegExp(`\\b(${names.join("|")})\\b`);
    const lines = code.split("\n").filter((line) => said.test(line)).map((line) => line.trim());
    if (lines.length) byId("layer").append(make("pre", "", lines.slice(0, 24).join("\n")));
  }

  async generated(train) {
    const { text } = this.editor;
    const key = `${train} ${text}`;
    if (!this.code.has(key)) this.code.set(key, (await this.module.ask({ do: "code", text, train })).answer.code);
    return this.code.get(key);
  }

  async showRust() {
    const place = byId("rust");
    try {
      place.textContent = await this.generated(byId("training-code").checked);
    } catch (error) {
      place.textContent = `// ${error.message}`;
    }
  }
}
