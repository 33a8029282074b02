// A Chromium without a window, over the pipe of its debugging protocol: no package is needed.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Chromium {
  constructor(program) {
    this.profile = mkdtempSync(join(tmpdir(), "netc-page-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", `--user-data-dir=${this.profile}`, "about:blank"];
    this.process = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.number = 0;
    this.waiting = new Map();
    this.events = [];
    let rest = "";
    this.process.stdio[4].on("data", (data) => {
      const parts = (rest + data).split("\0");
      rest = parts.pop();
      parts.forEach((part) => this.heard(JSON.parse(part)));
    });
  }

  heard(message) {
    const waits = this.waiting.get(message.id);
    if (!waits) return this.events.push(message);
    this.waiting.delete(message.id);
    if (message.error) waits.bad(new Error(message.error.message));
    else waits.good(message.result);
  }

  send(method, params = {}) {
    const id = ++this.number;
    const sessionId = method.startsWith("Target.") ? undefined : this.session;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((good, bad) => this.waiting.set(id, { good, bad }));
  }

  async open(address) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    ({ sessionId: this.session } = await this.send("Target.attachToTarget", { targetId, flatten: true }));
    await this.send("Page.enable");
    await this.send("Runtime.enable");
    await this.send("Page.navigate", { url: address });
  }

  // The value of an expression, awaited.
  async value(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  }

  // Waits until an expression holds.
  async until(expression, seconds = 20) {
    const end = Date.now() + 1000 * seconds;
    while (Date.now() < end) {
      if (await this.value(expression).catch(() => false)) return;
      await new Promise((go) => setTimeout(go, 100));
    }
    throw new Error(`after ${seconds} s this does not hold: ${expression}`);
  }

  async window(width, height, dark = false, mobile = false) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  async click(selector) {
    await this.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async type(text) {
    await this.send("Input.insertText", { text });
  }

  // A line by the mouse, through places of an element's own measure from 0 to 1.
  async stroke(selector, points) {
    const box = await this.value(`(() => { const b = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()`);
    const at = ([x, y]) => ({ x: box[0] + x * box[2], y: box[1] + y * box[3], button: "left", clickCount: 1 });
    await this.send("Input.dispatchMouseEvent", { type: "mousePressed", ...at(points[0]) });
    for (const point of points) await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", buttons: 1, ...at(point) });
    await this.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at(points.at(-1)) });
  }

  async picture() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data, "base64");
  }

  close() {
    this.process.on("exit", () => rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 }));
    this.process.kill();
  }
}
