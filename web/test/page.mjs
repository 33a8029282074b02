// Uses the page as a person would: node page.mjs PAGE.html CHROMIUM [FOLDER for pictures]
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Chromium } from "./chromium.mjs";

const [page, program, folder] = process.argv.slice(2);
const browser = new Chromium(program);
const text = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const count = (selector) => browser.value(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
const tab = (name) => browser.click(`[role=tab][data-tab=${name}]`);

async function picture(name) {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await new Promise((go) => setTimeout(go, 300));
  writeFileSync(join(folder, `${name}.png`), await browser.picture());
}

async function choose(from, to) {
  await browser.value(`netc.editor.area.focus(), netc.editor.area.setSelectionRange(netc.editor.text.indexOf(${JSON.stringify(from)}), netc.editor.text.indexOf(${JSON.stringify(from)}) + ${from.length})`);
  await browser.type(to);
}

async function mistakes() {
  await browser.until("window.netc && document.querySelector('#state').textContent.includes('61,706')");
  await picture("network");
  await choose("AVGPOOL", "AVGPOL");
  await browser.until("document.querySelectorAll('#problems li').length === 1");
  assert.match(await text("#problems .code"), /^E0301$/);
  assert.equal(await text("#marked .error"), "AVGPOL");
  assert.equal(await text("#state"), "1 error");
  await browser.click("#problems summary");
  await browser.until("document.querySelectorAll('#problems details pre').length === 1");
  await picture("mistake");
  await choose("CONV(16, 5x5)", "CONV(16, 55x5)");
  await browser.until("document.querySelectorAll('#problems li').length >= 1");
  await choose("CONV(16, 55x5)", "CONV(16, 5x5)");
  await browser.click("#problems p button");
  await browser.until("document.querySelector('#state').textContent.includes('61,706')");
  assert.equal(await count("#problems li"), 0);
}

async function network() {
  await browser.value("[...document.querySelector('#drawing').shadowRoot.querySelectorAll('g[role]')].find(g => g.textContent.includes('conv2')).dispatchEvent(new MouseEvent('click'))");
  await browser.until("document.querySelector('#layer').textContent.includes('2,416 parameters')");
  await browser.until("document.querySelector('#layer pre')");
  assert.match(await text("#layer"), /14x14x6 → 10x10x16/);
  await picture("layer");
  await tab("summary");
  assert.match(await text("#summary"), /61,706/);
  await picture("summary");
  await tab("rust");
  await browser.until("document.querySelector('#rust').textContent.includes('pub struct LeNet5')");
  await picture("rust");
}

const ARC = (x, y, rx, ry, from, to) => Array.from({ length: 25 }, (_, i) => [x + rx * Math.cos(from + ((to - from) * i) / 24), y + ry * Math.sin(from + ((to - from) * i) / 24)]);
const DIGITS = {
  0: [ARC(0.5, 0.5, 0.2, 0.33, 0, 2 * Math.PI)],
  1: [[[0.4, 0.28], [0.52, 0.16], [0.52, 0.86]]],
  2: [[...ARC(0.5, 0.34, 0.2, 0.19, -3, 0.6), [0.3, 0.84], [0.72, 0.84]]],
  3: [[...ARC(0.48, 0.33, 0.18, 0.18, -2.6, 1.4), ...ARC(0.48, 0.67, 0.2, 0.18, -1.4, 2.6)]],
  4: [[[0.45, 0.14], [0.28, 0.58], [0.74, 0.58]], [[0.6, 0.36], [0.58, 0.88]]],
  5: [[[0.7, 0.15], [0.36, 0.15], [0.33, 0.46], ...ARC(0.48, 0.63, 0.2, 0.2, -1.8, 2.3)]],
  6: [[...ARC(0.66, 0.5, 0.3, 0.36, -1.75, -3.1), ...ARC(0.5, 0.66, 0.16, 0.19, -3.1, 3.1)]],
  7: [[[0.28, 0.16], [0.72, 0.16], [0.45, 0.88]]],
  8: [[...ARC(0.5, 0.32, 0.15, 0.17, 1.57, 7.85), ...ARC(0.5, 0.68, 0.18, 0.19, -1.57, 4.71)]],
  9: [[...ARC(0.5, 0.34, 0.17, 0.18, 0, 2 * Math.PI), [0.67, 0.34], [0.62, 0.88]]],
};

async function digits() {
  await tab("digit");
  let right = 0;
  for (const [digit, strokes] of Object.entries(DIGITS)) {
    await browser.click("#clear");
    await browser.until("document.querySelector('#best').textContent === '?'");
    for (const stroke of strokes) await browser.stroke("#paper", stroke);
    await browser.until("document.querySelector('#best').textContent !== '?' && !netc.digit.asked");
    const best = await text("#best");
    console.log(`drawn ${digit}, seen ${best}, ${await text("#chances .top span")}`);
    right += best === digit;
    if (digit === "3") await picture("digit");
  }
  assert.ok(right === 10, `${right} of 10 drawn digits are seen as what they are`);
  assert.ok((await count("#layers figure")) >= 10);
}

async function training() {
  await tab("train");
  await browser.click("#go");
  await browser.until("document.querySelectorAll('#curves circle').length >= 4", 120);
  await picture("training");
  await browser.click("#stop");
  await browser.until("!document.querySelector('#go').disabled", 20);
  assert.match(await text("#about-run"), /is trained/);
  const accuracy = await browser.value("parseFloat([...document.querySelectorAll('#figures dd')][2].textContent)");
  assert.ok(accuracy > 80, `${accuracy} % after two epochs`);
  await tab("digit");
  assert.match(await text("#whose"), /trained in this page/);
}

async function panics() {
  await browser.value("netc.compiler.ask({ do: 'panic' }).catch(() => 0)");
  assert.match(await text("#notice"), /started anew: [^]*the page asked for a panic/);
  await tab("network");
  await picture("anew");
  await browser.value("(netc.editor.typed(), document.querySelector('#state').textContent = '')");
  await browser.until("document.querySelector('#state').textContent.includes('61,706')");
  await browser.value("notice('')");
}

async function others() {
  await browser.window(1360, 860, true);
  await picture("dark");
  await tab("digit");
  await browser.click("#clear");
  for (const stroke of DIGITS[2]) await browser.stroke("#paper", stroke);
  await picture("dark-digit");
  await browser.window(390, 800, false, true);
  for (const name of ["text", "network", "digit", "train"]) {
    await tab(name);
    await picture(`phone-${name}`);
    const wide = await browser.value("document.documentElement.scrollWidth");
    assert.ok(wide <= 390, `${name} is ${wide} wide on a phone`);
  }
}

const late = setTimeout(() => {
  console.error("the page's test takes more than five minutes");
  browser.process.kill();
  process.exit(1);
}, 300_000);
try {
  await browser.open(pathToFileURL(resolve(page)).href);
  await browser.window(1360, 860);
  for (const part of [mistakes, network, digits, training, panics, others]) {
    await part();
    console.log(`${part.name}: good`);
  }
} catch (error) {
  await picture("failed");
  throw error;
} finally {
  clearTimeout(late);
  browser.close();
}
const thrown = browser.events.filter((event) => event.method === "Runtime.exceptionThrown");
assert.deepEqual(thrown.map((event) => event.params.exceptionDetails.exception?.description), []);
