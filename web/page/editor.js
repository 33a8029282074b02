// The text, and what the compiler says about it.
class Editor {
  constructor(module, changed) {
    this.module = module;
    this.changed = changed;
    this.area = byId("text");
    this.diagnostics = [];
    this.version = 0;
    this.area.addEventListener("input", () => this.typed());
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    byId("editor").scrollTo(0, 0);
    this.diagnostics = [];
    this.typed();
  }

  typed() {
    this.paint();
    this.version += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.inspect(), 60);
  }

  paint() {
    byId("marked").innerHTML = marked(this.text, this.diagnostics);
    const count = this.text.split("\n").length;
    byId("lines").textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
  }

  async inspect() {
    const version = this.version;
    let answer;
    try {
      ({ answer } = await this.module.ask({ do: "inspect", text: this.text }));
    } catch {
      return;
    }
    if (version !== this.version) return;
    this.diagnostics = answer.diagnostics;
    this.paint();
    this.problems();
    this.state(answer);
    this.changed(answer);
  }

  state({ network, library }) {
    const errors = this.diagnostics.filter((d) => d.error).length;
    const place = byId("state");
    place.className = errors ? "bad" : "";
    const number = (n) => n.toLocaleString("en");
    if (errors) place.textContent = errors === 1 ? "1 error" : `${errors} errors`;
    else if (network) place.textContent = `${number(network.params)} parameters`;
    else place.textContent = library ? "no network, only definitions" : "";
  }

  problems() {
    byId("problems").replaceChildren(...this.diagnostics.slice(0, 50).map((d) => this.problem(d)));
  }

  problem(d) {
    const line = d.place ? this.text.slice(0, d.place[0]).split("\n").length : 0;
    const go = make("button", "go", make("span", "code", d.code), d.message, make("small", "hint", line ? `  line ${line}` : ""));
    go.onclick = () => d.place && this.select(d.place);
    const item = make("li", d.error ? "" : "mild", go);
    const facts = [...d.labels.map((label) => label.text).filter(Boolean), ...d.notes];
    for (const fact of facts) item.append(make("p", "", fact));
    for (const help of d.helps) item.append(this.help(help));
    const more = make("details", "", make("summary", "", `About ${d.code}: ${d.title}`));
    more.ontoggle = async () => {
      if (!more.open || more.children.length > 1) return;
      const { answer } = await this.module.ask({ do: "explain", code: d.code });
      more.append(make("pre", "", answer.text));
    };
    item.append(more);
    return item;
  }

  help({ text, edit }) {
    const line = make("p", "", `Help: ${text}`);
    if (edit && edit.place) {
      if (edit.text && !text.includes(edit.text)) line.append(": ", make("code", "", edit.text));
      const apply = make("button", "", "Apply");
      apply.onclick = () => this.replace(edit.place, edit.text);
      line.append(apply);
    }
    return line;
  }

  select([start, end]) {
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(start, end);
    const line = this.text.slice(0, start).split("\n").length;
    const height = byId("lines").scrollHeight / Math.max(1, this.text.split("\n").length);
    const frame = byId("editor");
    const top = line * height;
    if (top < frame.scrollTop + 20 || top > frame.scrollTop + frame.clientHeight - 40) frame.scrollTo(0, Math.max(0, top - frame.clientHeight / 2));
  }

  // As if it were typed, so that it can be undone.
  replace([start, end], text) {
    this.area.focus();
    this.area.setSelectionRange(start, end);
    const done = document.execCommand(text ? "insertText" : "delete", false, text);
    if (!done) {
      this.area.setRangeText(text, start, end, "end");
      this.typed();
    }
  }
}
