"use strict";

/* Pixels that are not marked keep this part of their color; the rest is a gray of about the same lightness. */
const DIMMED = 0.25;

const stage = document.querySelector(".stage");
const picture = stage.querySelector("img");
const canvas = stage.querySelector("canvas");
const told = document.querySelector(".told");
const items = [...document.querySelectorAll("[data-segment]")];
const regions = stage.dataset.regions.split(",").map((text) => text.split(" "));

/* Return the pixels of an image, exactly as its file has them where it is opaque. */
function pixelsOf(image, width, height) {
  const scratch = Object.assign(document.createElement("canvas"), { width, height });
  const context = scratch.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height);
}

function start(labels) {
  const { width, height } = canvas;
  const original = pixelsOf(picture, width, height).data;
  const context = canvas.getContext("2d");
  const drawn = context.createImageData(width, height);
  let mark = "segments"; // what the pointer marks
  let marked = -1;
  let held = false;

  const labelAt = (pixel) =>
    mark === "segments" ? labels[4 * pixel] : labels[4 * pixel + 1] + 256 * labels[4 * pixel + 2];

  function draw() {
    const shown = items.map((item) => item.querySelector("input").checked);
    for (let pixel = 0, at = 0; pixel < width * height; ++pixel, at += 4) {
      const dim = marked >= 0 && labelAt(pixel) !== marked;
      const gray = dim ? (1 - DIMMED) * (0.3 * original[at] + 0.59 * original[at + 1] + 0.11 * original[at + 2]) : 0;
      const part = dim ? DIMMED : 1;
      for (let c = 0; c < 3; ++c) drawn.data[at + c] = part * original[at + c] + gray;
      drawn.data[at + 3] = shown[labels[at]] ? original[at + 3] : 0;
    }
    context.putImageData(drawn, 0, 0);
    for (const item of items) {
      item.classList.toggle("marked", mark === "segments" && Number(item.dataset.segment) === marked);
    }
  }

  function tell() {
    if (marked < 0) {
      told.textContent = "Nothing is marked.";
    } else if (mark === "segments") {
      const item = items[marked];
      const text = item.querySelector(".what").textContent;
      told.textContent = `Segment ${marked}: ${text}, ${item.querySelector(".share").textContent}`;
    } else {
      const [share, color] = regions[marked];
      told.textContent = `Region ${marked}: ${share} % of the picture, mean color ${color}`;
    }
  }

  function markOnly(label) {
    if (label === marked) return;
    marked = label;
    draw();
    tell();
  }

  function pixelUnder(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.min(width - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * width)));
    const y = Math.min(height - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * height)));
    return y * width + x;
  }

  canvas.addEventListener("pointermove", (event) => { if (!held) markOnly(labelAt(pixelUnder(event))); });
  canvas.addEventListener("pointerleave", () => { if (!held) markOnly(-1); });
  canvas.addEventListener("click", (event) => {
    const label = labelAt(pixelUnder(event));
    held = !(held && label === marked);
    markOnly(label);
  });
  for (const item of items) {
    const number = Number(item.dataset.segment);
    const enter = () => { setMark("segments"); held = false; markOnly(number); };
    item.addEventListener("pointerenter", enter);
    item.addEventListener("focusin", enter);
    item.addEventListener("pointerleave", () => { if (!held) markOnly(-1); });
    item.addEventListener("change", draw);
  }

  function setMark(what) {
    if (mark === what) return;
    mark = what;
    marked = -1;
    held = false;
    for (const button of document.querySelectorAll("[data-mark]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mark === mark));
    }
    draw();
  }

  for (const button of document.querySelectorAll("[data-mark]")) {
    button.addEventListener("click", () => setMark(button.dataset.mark));
  }
  for (const [what, checked] of [["all", true], ["none", false]]) {
    document.querySelector(`[data-do=${what}]`).addEventListener("click", () => {
      for (const item of items) item.querySelector("input").checked = checked;
      draw();
    });
  }
  document.querySelector("[data-do=save]").addEventListener("click", (event) => {
    markOnly(-1); // what is saved has its own colors
    event.currentTarget.href = canvas.toDataURL("image/png");
  });
  draw();
  picture.hidden = true;
  canvas.hidden = false;
  document.querySelector(".controls").hidden = false;
}

const map = new Image();
map.src = stage.dataset.labels;
Promise.all([map.decode(), picture.decode()]).then(() => start(pixelsOf(map, canvas.width, canvas.height).data));
