// Quantizes the pictures that jobs.json lists, and writes palettes, indices and PNGs beside them.
import { readFileSync, writeFileSync } from "node:fs";

const [, , module, folder] = process.argv;
const { quantize } = await import(module);
for (const { name, picture, width, height, options } of JSON.parse(readFileSync(`${folder}/jobs.json`))) {
  const parts = [];
  const watch = options.effort ? { onProgress: (part) => parts.push(part) } : {};
  const { palette, indices, png } = await quantize(readFileSync(`${folder}/${picture}`), width, height, {
    ...options,
    ...watch,
  });
  if (parts.some((part, i) => part > 1 || part < (parts[i - 1] ?? 0))) throw new Error(`${name}: progress ${parts}`);
  writeFileSync(`${folder}/${name}.palette`, palette);
  writeFileSync(`${folder}/${name}.indices`, indices);
  writeFileSync(`${folder}/${name}.png`, png);
}
