/** An argument that makes no sense, or a picture that does not fit; the message says what to do. */
export declare class HuepressError extends Error {
  readonly name: "HuepressError";
}

export interface Options {
  /** Most colors of the palette, 2 to 256. Default: 256. */
  colors?: number;
  /** 0: plain k-means in sRGB, nearest colors; 1 to 9: ever harder search for few bytes at good looks. Default: 5. */
  effort?: number;
  /** From effort 1 on: what a bit is worth, 0 to 1000; larger is smaller, 0 is finest. Default: 1. */
  rate?: number;
  /** From effort 1 on: "auto" where it pays, "none" for flat art, "full" as if bytes were free. Default: "auto". */
  dither?: "auto" | "none" | "full";
  /** "exact": clear pixels stay clear and opaque ones opaque; "free": whatever looks best. Default: "exact". */
  alpha?: "exact" | "free";
  /** Whether a PNG is written. Default: true. */
  png?: boolean;
  /** Called now and then with the part of the search that is done, 0 to 1. What it throws ends the work. */
  onProgress?: (part: number) => void;
}

export interface Quantized<Png = Uint8Array<ArrayBuffer>> {
  /** Red, green, blue and straight alpha of each entry: four bytes each, clear entries first, then dark to light. */
  palette: Uint8Array<ArrayBuffer>;
  /** The entry of each pixel, row by row. */
  indices: Uint8Array<ArrayBuffer>;
  /** A PNG file of palette and indices; null where none was asked for. */
  png: Png;
}

/**
 * Reduce a picture to a palette and indices, and write it as a PNG.
 *
 * The work is done by the thread that calls; in a page call it in a worker. The same picture and options give the same
 * bytes on every machine.
 *
 * @param rgba Red, green, blue and straight alpha of each pixel, row by row; it is not changed.
 * @param width In pixels.
 * @param height In pixels.
 * @throws {HuepressError} By way of the promise.
 */
export declare function quantize(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  options: Options & { png: false },
): Promise<Quantized<null>>;
export declare function quantize(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  options?: Options & { png?: true },
): Promise<Quantized>;
export declare function quantize(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  options?: Options,
): Promise<Quantized<Uint8Array<ArrayBuffer> | null>>;

/**
 * Load the WebAssembly module, once. `quantize` does it by itself; call this to do it early, or to say where the module
 * is.
 */
export declare function load(
  source?: string | URL | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module,
): Promise<void>;
