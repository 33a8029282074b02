// What a network of face-api computes: node face_api.mjs FOLDER CLASS MODEL INPUT.f32 SIZE OUTPUT.f32
//
// FOLDER is the package @vladmandic/face-api, INPUT a picture of SIZE x SIZE bytes as floats. The package is made for browsers, and its
// build for node wants a C library: the browser's is shown no node while it loads, and is given what it misses.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, kind, model, input, size, output] = process.argv.slice(2);
const node = process;
globalThis.process = undefined;
const faceapi = await import(pathToFileURL(path.resolve(folder, 'dist/face-api.esm.js')));
globalThis.process = node;

const { tf } = faceapi;
tf.env().setPlatform('here', {
  now: () => performance.now(),
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes) => new TextDecoder().decode(bytes),
  isTypedArray: (value) => ArrayBuffer.isView(value),
});
class Missing {}
const missing = { Canvas: Missing, CanvasRenderingContext2D: Missing, Image: Missing, ImageData: Missing, Video: Missing };
faceapi.env.setEnv({ ...missing, fetch: null, readFile: null });
await tf.setBackend('cpu');

const bytes = (file) => {
  const { buffer, byteOffset, length } = fs.readFileSync(file);
  return buffer.slice(byteOffset, byteOffset + length);
};
const net = new faceapi[kind]();
const weights = path.join(folder, 'model', model);
const [manifest] = JSON.parse(fs.readFileSync(`${weights}-weights_manifest.json`));
net.loadFromWeightMap(tf.io.decodeWeights(bytes(`${weights}.bin`), manifest.weights));
const side = Number(size);
const picture = tf.tensor4d(new Float32Array(bytes(input)), [1, side, side, 3]);
// Before a last softmax, which leaves little to compare.
const computed = net.runNet ? net.runNet(await faceapi.toNetInput(picture)) : await net.forward(picture, side);
fs.writeFileSync(output, Buffer.from(computed.dataSync().buffer));
