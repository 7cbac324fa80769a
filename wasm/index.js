/**
 * huepress-core: k-means color quantization and small indexed PNGs. See index.d.ts for the types and README.md for more.
 */

/** An argument that makes no sense, or a picture that does not fit; the message says what to do. */
export class HuepressError extends Error {
  name = "HuepressError";
}

const FAILURES = {
  1: "the picture does not fit into WebAssembly's memory; make it smaller first, or use the huepress program",
  2: "the core has failed; please report the picture and the options",
};
const MOST_PIXELS = 2 ** 30;
// An instance that has grown beyond is left to the garbage collector: a module's memory never shrinks by itself.
const MOST_KEPT_BYTES = 64 * 2 ** 20;
const DITHERS = ["auto", "none", "full"];
const ALPHAS = ["exact", "free"];
const DEFAULTS = { colors: 256, effort: 5, rate: 1, dither: "auto", alpha: "exact", png: true, onProgress: undefined };

let loading; // a promise of the compiled module
let idle; // an instance that waits for the next picture

/**
 * Load the WebAssembly module, once. `quantize` does it by itself; call this to do it early, or to say where the module
 * is: a URL, a Response, bytes, or a WebAssembly.Module.
 */
export async function load(source) {
  if (source !== undefined || loading === undefined) {
    const started = compile(source ?? new URL("huepress.wasm", import.meta.url));
    loading = started;
    idle = undefined;
    started.catch(() => {
      if (loading === started) loading = undefined;
    });
  }
  await loading;
}

/** Reduce a picture to a palette and indices, and write it as a PNG. */
export async function quantize(rgba, width, height, options) {
  const asked = checkedOptions(options);
  checkPixels(rgba, width, height);
  await load();
  const module = await loading;
  checkPixels(rgba, width, height); // others may have run in the meantime
  const instance = idle ?? instantiate(module);
  idle = undefined;
  const result = run(instance, rgba, width, height, asked);
  if (instance.exports.memory.buffer.byteLength <= MOST_KEPT_BYTES) idle = instance;
  return result;
}

function run(instance, rgba, width, height, asked) {
  const core = instance.exports;
  const pixels = core.allocate(rgba.length) >>> 0;
  if (pixels === 0) throw new HuepressError(FAILURES[1]);
  new Uint8Array(core.memory.buffer, pixels, rgba.length).set(rgba);
  instance.onProgress = asked.onProgress;
  const { colors, effort, rate } = asked;
  const dither = DITHERS.indexOf(asked.dither);
  const alpha = ALPHAS.indexOf(asked.alpha);
  const found = core.quantize(pixels, width, height, colors, effort, rate, dither, alpha, asked.png ? 1 : 0) >>> 0;
  if (found === 0) throw new HuepressError(FAILURES[2]);
  const [paletteAt, nColors, indicesAt, nPixels, pngAt, pngSize] = new Uint32Array(core.memory.buffer, found, 6);
  const copied = (at, n) => new Uint8Array(core.memory.buffer, at, n).slice();
  const result = {
    palette: copied(paletteAt, 4 * nColors),
    indices: copied(indicesAt, nPixels),
    png: asked.png ? copied(pngAt, pngSize) : null,
  };
  core.release(found);
  core.free(pixels);
  return result;
}

function instantiate(module) {
  const state = {};
  const imports = {
    huepress: {
      progress: (part) => state.onProgress?.(part),
      fail: (failure) => {
        throw new HuepressError(FAILURES[failure]);
      },
    },
  };
  state.exports = new WebAssembly.Instance(module, imports).exports;
  state.exports._initialize();
  return state;
}

async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = await bytesOf(source);
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new HuepressError(
      `the module cannot be compiled (${error.message}); it needs WebAssembly with SIMD: Node 16.4, Chrome 91, ` +
        "Firefox 89, Safari 16.4 or later",
    );
  }
}

async function bytesOf(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  if (typeof source === "string" || source instanceof URL) {
    const url = new URL(source, import.meta.url);
    const files = url.protocol === "file:" ? globalThis.process?.getBuiltinModule?.("node:fs/promises") : undefined;
    if (files) return files.readFile(url);
    try {
      source = await fetch(url);
    } catch (error) {
      throw new HuepressError(`${url} cannot be fetched (${error.message}); give its bytes to load()`);
    }
  }
  if (typeof Response === "undefined" || !(source instanceof Response))
    throw new HuepressError("load() takes a URL, a Response, bytes or a WebAssembly.Module");
  if (!source.ok) throw new HuepressError(`${source.url} cannot be fetched (HTTP ${source.status}); serve it, too`);
  return source.arrayBuffer();
}

function checkedOptions(options = {}) {
  if (options === null || typeof options !== "object") throw new HuepressError("options must be an object");
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name))
      throw new HuepressError(`unknown option "${name}"; known are ${Object.keys(DEFAULTS).join(", ")}`);
  }
  const asked = {};
  for (const name of Object.keys(DEFAULTS)) asked[name] = options[name] ?? DEFAULTS[name];
  checkNumber("colors", asked.colors, 2, 256);
  checkNumber("effort", asked.effort, 0, 9);
  if (typeof asked.rate !== "number" || !(asked.rate >= 0 && asked.rate <= 1000))
    throw new HuepressError(`rate must be a number from 0 to 1000, not ${told(asked.rate)}`);
  checkChoice("dither", asked.dither, DITHERS);
  checkChoice("alpha", asked.alpha, ALPHAS);
  if (typeof asked.png !== "boolean") throw new HuepressError(`png must be true or false, not ${told(asked.png)}`);
  if (asked.onProgress !== undefined && typeof asked.onProgress !== "function")
    throw new HuepressError("onProgress must be a function");
  return asked;
}

function checkPixels(rgba, width, height) {
  checkNumber("width", width, 1, MOST_PIXELS);
  checkNumber("height", height, 1, MOST_PIXELS);
  if (!(rgba instanceof Uint8Array || rgba instanceof Uint8ClampedArray))
    throw new HuepressError("rgba must be a Uint8Array or a Uint8ClampedArray, such as the data of an ImageData");
  if (width * height >= MOST_PIXELS) throw new HuepressError(FAILURES[1]);
  if (rgba.length === 0 && rgba.buffer.byteLength === 0)
    throw new HuepressError("the memory of rgba is gone: it was given to another thread; hand over a copy of it");
  if (rgba.length !== 4 * width * height)
    throw new HuepressError(
      `rgba must have ${4 * width * height} bytes, four for each of ${width} x ${height} pixels, not ${rgba.length}`,
    );
}

function checkNumber(name, value, least, most) {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new HuepressError(`${name} must be a whole number from ${least} to ${most}, not ${told(value)}`);
}

function checkChoice(name, value, choices) {
  if (!choices.includes(value))
    throw new HuepressError(`${name} must be one of ${choices.join(", ")}, not ${told(value)}`);
}

function told(value) {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : typeof value === "number" ? value : typeof value;
}
