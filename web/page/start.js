// Puts the parts together.
function showTab(name) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const is = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(is));
    tab.tabIndex = is ? 0 : -1;
  }
}

function tabs(shown) {
  const all = [...document.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    showTab(tab.dataset.tab);
    tab.focus();
    shown(tab.dataset.tab);
  };
  for (const tab of all) {
    tab.onclick = () => choose(tab);
    tab.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const seen = all.filter((other) => other.offsetParent !== null);
      choose(seen[(seen.indexOf(tab) + step + seen.length) % seen.length]);
    };
  }
  showTab("network");
}

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = (is) => {
    document.documentElement.dataset.theme = is ? "dark" : "light";
  };
  set(dark.matches);
  dark.onchange = () => set(dark.matches);
  byId("theme").onclick = () => set(document.documentElement.dataset.theme === "light");
}

function examples(editor) {
  const select = byId("examples");
  select.append(...EXAMPLES.map(([name], i) => new Option(name, i)));
  select.onchange = () => {
    editor.text = EXAMPLES[select.value][1];
  };
}

function buttons(compiler, editor, view) {
  byId("training-code").onchange = () => view.showRust();
  byId("copy").onclick = async () => {
    await navigator.clipboard.writeText(byId("rust").textContent);
    byId("copy").textContent = "Copied";
    setTimeout(() => (byId("copy").textContent = "Copy"), 1200);
  };
  byId("format").onclick = async () => {
    const { answer } = await compiler.ask({ do: "format", text: editor.text }).catch((error) => ({ answer: { error } }));
    if (answer.text && answer.text !== editor.text) editor.replace([0, editor.text.length], answer.text);
  };
}

async function start() {
  theme();
  const [code, weights] = await Promise.all([unpacked(MODULE), unpacked(WEIGHTS)]);
  const compiler = new Module(code, () => editor.typed());
  const classifier = new Module(code, () => digit.again());
  const trainer = new Module(code);
  const editor = new Editor(compiler, (answer) => {
    view.show(answer);
    if (document.body.dataset.tab === "rust") view.showRust();
  });
  const view = new NetworkView(compiler, editor);
  const digit = new DigitView(classifier);
  new TrainView(trainer, editor, (text, data, name) => digit.load(text, data, `${name}, as it was trained in this page`));
  const { answer } = await compiler.ask({ do: "words" });
  layerNames = new Set(answer.layers.flatMap((layer) => [layer.name, ...layer.aliases]));
  tabs((name) => name === "rust" && view.showRust());
  examples(editor);
  buttons(compiler, editor, view);
  editor.text = answer.network;
  await digit.load(answer.network, weights, "LeNet-5, trained on the digits of netc and of MNIST");
  // For tests of the page.
  window.netc = { compiler, classifier, trainer, editor, digit };
}

start().catch((error) => notice(`The page did not start: ${error.message}`));
