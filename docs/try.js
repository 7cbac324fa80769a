"use strict";

// The page that compresses a picture where it is. huepressCore (try-core.js, made with the site) holds the package's
// source and module, so that the page also works from the disk and asks nobody for anything.
(() => {
  const WORK = `
    onmessage = async ({ data: { module, rgba, width, height, options } }) => {
      try {
        await load(module);
        const onProgress = (part) => postMessage({ part });
        const { palette, png } = await quantize(rgba, width, height, { ...options, onProgress });
        postMessage({ palette, png }, [png.buffer]);
      } catch (error) {
        postMessage({ error: error.message });
      }
    };`;
  const PAUSE_MS = 200; // until a slider that is moved counts as left alone
  const find = (id) => document.getElementById(`try-${id}`);
  const panel = document.getElementById("try");
  const missing = find("missing");
  if (!globalThis.huepressCore) {
    missing.textContent = "This copy of the site was built without the module for browsers; `make wasm docs` builds it.";
    return;
  }
  const module = Uint8Array.from(atob(huepressCore.module), (each) => each.charCodeAt(0));
  const program = URL.createObjectURL(new Blob([huepressCore.source, WORK], { type: "text/javascript" }));

  let picture; // {name, bytes, rgba, width, height}
  let worker, timer;
  const urls = {};

  function show(id, blob) {
    if (urls[id]) URL.revokeObjectURL(urls[id]);
    urls[id] = URL.createObjectURL(blob);
    return urls[id];
  }

  function told(bytes) {
    if (bytes < 1000) return `${bytes} bytes`;
    const [size, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
    return `${size.toPrecision(3)} ${unit}`;
  }

  function say(text, isError = false) {
    find("status").textContent = text;
    find("status").classList.toggle("is-error", isError);
  }

  // 2 to 256 by equal factors, since few colors differ more from each other than many.
  function colors() {
    return Math.round(2 ** (1 + (7 * (find("colors").value - 1)) / 255));
  }

  function settings() {
    return { colors: colors(), effort: Number(find("effort").value), dither: find("dither").value };
  }

  // A 2D canvas keeps colors multiplied by alpha, which loses bits; a texture does not.
  function exactPixels(bitmap) {
    const { width, height } = bitmap;
    const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
    if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const rgba = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    const isRight = gl.getError() === gl.NO_ERROR;
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return isRight ? rgba : null;
  }

  async function pixelsOf(blob) {
    const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none" });
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    let rgba = context.getImageData(0, 0, width, height).data;
    let isOpaque = true;
    for (let i = 3; i < rgba.length && isOpaque; i += 4) isOpaque = rgba[i] === 255;
    if (!isOpaque) rgba = exactPixels(bitmap) ?? rgba;
    bitmap.close();
    return { rgba, width, height };
  }

  async function take(blob, name) {
    stop();
    say("Reading the picture …");
    try {
      picture = { name, bytes: blob.size, ...(await pixelsOf(blob)) };
    } catch {
      picture = undefined;
      say("Your browser cannot read this file as a picture; choose a PNG, JPEG, WebP or GIF.", true);
      return;
    }
    find("before").src = show("before", blob);
    find("before-told").textContent =
      `${name}: ${picture.width} × ${picture.height}, ${told(picture.bytes)}`;
    find("after").removeAttribute("src");
    find("after-told").textContent = "";
    find("done").hidden = true;
    find("views").hidden = false;
    work();
  }

  function stop() {
    worker?.terminate();
    worker = undefined;
    clearTimeout(timer);
    find("progress").hidden = true;
  }

  function work() {
    stop();
    if (!picture) return;
    const options = settings();
    const started = performance.now();
    say("Searching …");
    find("views").classList.add("is-working");
    find("progress").hidden = false;
    find("progress").removeAttribute("value");
    worker = new Worker(program);
    worker.onerror = (event) => fail(event.message ?? "the worker could not be started");
    worker.onmessage = ({ data }) => {
      if (data.part !== undefined) find("progress").value = data.part;
      else if (data.error !== undefined) fail(data.error);
      else finish(data, options, performance.now() - started);
    };
    worker.postMessage({ module, rgba: picture.rgba, width: picture.width, height: picture.height, options });
  }

  function fail(message) {
    stop();
    find("views").classList.remove("is-working");
    say(`That did not work: ${message}`, true);
  }

  function finish({ palette, png }, options, milliseconds) {
    stop();
    const file = new Blob([png], { type: "image/png" });
    const n = palette.length / 4;
    const part = Math.round((100 * file.size) / picture.bytes);
    const stem = picture.name.replace(/\.[^.]*$/, "") || "picture";
    find("after").src = show("after", file);
    find("after-told").textContent =
      `${n} colors, ${told(file.size)}: ${part} % of the original, in ${(milliseconds / 1000).toFixed(1)} s`;
    find("views").classList.remove("is-working");
    find("save").href = urls.after;
    find("save").download = `${stem}-${options.colors}.png`;
    find("save").textContent = `Save ${find("save").download}`;
    const swatches = [];
    for (let i = 0; i < palette.length; i += 4) {
      const swatch = document.createElement("span");
      const [red, green, blue, alpha] = palette.subarray(i, i + 4);
      swatch.style.background = `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
      swatches.push(swatch);
    }
    find("palette").replaceChildren(...swatches);
    find("palette").setAttribute("aria-label", `The palette's ${n} colors`);
    const dither = options.dither === "auto" ? "" : ` --dither ${options.dither}`;
    const name = /^[\w./-]+$/.test(picture.name) ? picture.name : `'${picture.name.replaceAll("'", "'\\''")}'`;
    find("command").textContent =
      `huepress compress ${name} -k ${options.colors} --effort ${options.effort}${dither} --png-writer core --strip all`;
    find("done").hidden = false;
    say(`Done: ${told(file.size)}.`);
  }

  // Spheres and a soft sky, so that there is something to look at without a picture at hand.
  async function sample() {
    const canvas = new OffscreenCanvas(640, 420);
    const context = canvas.getContext("2d");
    const sky = context.createLinearGradient(0, 0, 0, 420);
    for (const [at, color] of [[0, "#27408b"], [0.55, "#e8a87c"], [0.7, "#c38d9e"], [1, "#2b2d42"]]) sky.addColorStop(at, color);
    context.fillStyle = sky;
    context.fillRect(0, 0, 640, 420);
    for (const [x, y, radius, hue] of [[150, 250, 95, 12], [330, 290, 70, 45], [470, 220, 110, 200], [585, 345, 45, 320], [245, 375, 30, 130]]) {
      const ball = context.createRadialGradient(x - radius / 3, y - radius / 3, radius / 12, x, y, radius);
      for (const [at, light] of [[0, 92], [0.35, 62], [0.85, 28], [1, 18]]) ball.addColorStop(at, `hsl(${hue} 75% ${light}%)`);
      context.fillStyle = ball;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
    await take(await canvas.convertToBlob({ type: "image/png" }), "spheres.png");
  }

  function changed() {
    find("colors-told").textContent = colors();
    find("effort-told").textContent = find("effort").value;
    find("colors").setAttribute("aria-valuetext", `${colors()} colors`);
    clearTimeout(timer);
    timer = setTimeout(work, PAUSE_MS);
  }

  const drop = find("drop");
  addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("is-over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    const [file] = event.dataTransfer.files;
    if (file) take(file, file.name);
  });
  addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) take(file, file.name);
  });
  find("file").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    if (file) take(file, file.name);
    target.value = ""; // the same file may be chosen again
  });
  find("sample").addEventListener("click", sample);
  find("settings").addEventListener("input", changed);
  find("settings").addEventListener("submit", (event) => event.preventDefault());
  changed();
  missing.hidden = true;
  panel.hidden = false;
})();
