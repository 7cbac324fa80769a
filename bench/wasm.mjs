// Quantizes a picture again and again and tells the seconds of each time; see wasm.py.
import { readFileSync } from "node:fs";

const [, , module, picture, width, height, rounds, options] = process.argv;
const { quantize } = await import(module);
const rgba = readFileSync(picture);
const seconds = [];
for (let i = 0; i <= rounds; ++i) {
  const started = performance.now();
  await quantize(rgba, Number(width), Number(height), JSON.parse(options));
  seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify(seconds.slice(1))); // the first one compiles
