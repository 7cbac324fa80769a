// What the package refuses, what it leaves behind, and where its module may come from.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const { HuepressError, load, quantize } = await import(process.env.HUEPRESS_CORE);
const here = new URL(".", process.env.HUEPRESS_CORE);
const rgba = new Uint8ClampedArray(4 * 40 * 30).map((_, i) => (i % 4 === 3 ? 255 : (i * i) >> 3));
const ask = (options) => quantize(rgba, 40, 30, options);

for (const [told, call] of [
  [/width must be a whole number from 1/, () => quantize(rgba, 0, 30)],
  [/width must be .* not -40/, () => quantize(rgba, -40, -30)],
  [/height must be .* not NaN/, () => quantize(rgba, 40, NaN)],
  [/height must be .* not 29.5/, () => quantize(rgba, 40, 29.5)],
  [/height must be .* not "30"/, () => quantize(rgba, 40, "30")],
  [/does not fit into WebAssembly's memory/, () => quantize(rgba, 2 ** 20, 2 ** 20)],
  [/must have 4640 bytes, four for each of 40 x 29 pixels, not 4800/, () => quantize(rgba, 40, 29)],
  [/must have 4800 bytes, .* not 4799/, () => quantize(rgba.subarray(1), 40, 30)],
  [/Uint8Array or a Uint8ClampedArray/, () => quantize([...rgba], 40, 30)],
  [/Uint8Array or a Uint8ClampedArray/, () => quantize(null, 40, 30)],
  [/Uint8Array or a Uint8ClampedArray/, () => quantize(new Float32Array(4800), 40, 30)],
  [/colors must be a whole number from 2 to 256, not 1/, () => ask({ colors: 1 })],
  [/colors must be .* not 257/, () => ask({ colors: 257 })],
  [/colors must be .* not NaN/, () => ask({ colors: NaN })],
  [/effort must be .* 0 to 9, not 10/, () => ask({ effort: 10 })],
  [/effort must be .* not "5"/, () => ask({ effort: "5" })],
  [/rate must be a number from 0 to 1000, not NaN/, () => ask({ rate: NaN })],
  [/rate must be .* not -1/, () => ask({ rate: -1 })],
  [/rate must be .* not Infinity/, () => ask({ rate: Infinity })],
  [/dither must be one of auto, none, full, not "some"/, () => ask({ dither: "some" })],
  [/alpha must be one of exact, free/, () => ask({ alpha: {} })],
  [/png must be true or false/, () => ask({ png: "no" })],
  [/onProgress must be a function/, () => ask({ onProgress: 1 })],
  [/unknown option "colours"; known are colors, effort/, () => ask({ colours: 8 })],
  [/options must be an object/, () => ask(null)],
  [/options must be an object/, () => ask(8)],
]) {
  test(`refused: ${told}`, () => assert.rejects(call, (error) => error instanceof HuepressError && told.test(error.message)));
}

test("pixels whose memory was given away are refused", async () => {
  const gone = rgba.slice();
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await assert.rejects(quantize(gone, 40, 30), /memory of rgba is gone/);
});

test("the pixels are left as they are, and parts of a buffer are read where they lie", async () => {
  const wide = new Uint8Array(rgba.length + 8).fill(7);
  wide.set(rgba, 5);
  const part = wide.subarray(5, 5 + rgba.length);
  const before = wide.slice();
  const first = await quantize(part, 40, 30, { colors: 9 });
  assert.deepEqual(wide, before);
  assert.deepEqual(first, await ask({ colors: 9 }));
  assert.ok(Math.max(...first.indices) < first.palette.length / 4);
});

test("no PNG where none is wanted", async () => {
  assert.equal((await ask({ png: false, effort: 0 })).png, null);
});

test("an error of the caller ends the work, and the next picture is served", async () => {
  const expected = await ask({ colors: 12 });
  const failed = new Error("enough");
  const stopped = ask({ colors: 12, onProgress: () => { throw failed; } });
  await assert.rejects(stopped, failed);
  assert.deepEqual(await ask({ colors: 12 }), expected);
});

test("a picture within a picture: the work of one may start another", async () => {
  let inner;
  const outer = await ask({ colors: 12, onProgress: () => { inner ??= ask({ colors: 5 }); } });
  assert.deepEqual(outer, await ask({ colors: 12 }));
  assert.deepEqual(await inner, await ask({ colors: 5 }));
});

test("memory is given back", async () => {
  const size = 700;
  const large = new Uint8Array(4 * size * size).map((_, i) => (i % 4 === 3 ? 255 : (i * 2654435761) >>> 27));
  const used = [];
  for (let i = 0; i < 8; ++i) {
    await quantize(large, size, size, { colors: 16, effort: 0, png: false });
    for (let j = 0; j < 20; ++j) await ask({ colors: 8, effort: 1 });
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.gc();
    used.push(process.memoryUsage().arrayBuffers + process.memoryUsage().external);
  }
  assert.ok(Math.max(...used.slice(4)) <= used[3] + 2 ** 20, `${used}`);
});

/** The module with memory of so many pages at most: section 5 says how many. */
function withLittleMemory(bytes, most) {
  const number = (at) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      value |= (bytes[at] & 127) << shift;
      if (bytes[at++] < 128) return [value, at];
    }
  };
  for (let at = 8; at < bytes.length; ) {
    const [size, body] = number(at + 1);
    if (bytes[at] !== 5) {
      at = body + size;
      continue;
    }
    assert.deepEqual([...bytes.subarray(body, body + 2)], [1, 0]);
    const [initial] = number(body + 2);
    const section = [5, 6, 1, 1, (initial & 127) | 128, initial >> 7, (most & 127) | 128, most >> 7];
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(section), bytes.subarray(body + size)]);
  }
}

test("a picture that memory does not hold is told, and a smaller one then served", async () => {
  const expected = await ask({ colors: 4 });
  await load(withLittleMemory(readFileSync(new URL("huepress.wasm", here)), 130));
  for (const side of [2000, 1200, 900])
    for (const effort of [0, 5]) {
      const large = new Uint8Array(4 * side * side).map((_, i) => (i * 2654435761) >>> 23);
      await assert.rejects(quantize(large, side, side, { effort }), /does not fit into WebAssembly's memory; make it/);
      assert.deepEqual(await ask({ colors: 4 }), expected);
    }
  await load(new URL("huepress.wasm", here));
});

test("the module may come from bytes, a compiled module or a URL, and not from anything else", async () => {
  const expected = await ask({ colors: 4 });
  const bytes = readFileSync(new URL("huepress.wasm", here));
  for (const source of [bytes, await WebAssembly.compile(bytes), new Response(bytes), new URL("huepress.wasm", here)]) {
    await load(source);
    assert.deepEqual(await ask({ colors: 4 }), expected);
  }
  await assert.rejects(load(17), /load\(\) takes a URL/);
  await assert.rejects(load(bytes.subarray(0, 100)), /cannot be compiled/);
  await load();
  assert.deepEqual(await ask({ colors: 4 }), expected);
});
