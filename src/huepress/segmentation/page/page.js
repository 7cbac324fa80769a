/* Pixels that are not marked keep this part of their color; the rest is a gray of about the same lightness. */
const DIMMED = 0.25;

const stage = document.querySelector(".stage");
const picture = stage.querySelector("img");
const canvas = stage.querySelector("canvas");
const told = document.querySelector(".told");
const items = [...document.querySelectorAll("[data-segment]")];

function start(labels) {
  const { width, height } = canvas;
  const original = pixelsOf(picture, width, height).data;
  const context = canvas.getContext("2d");
  const drawn = context.createImageData(width, height);
  const segments = items.map((item) => `${item.querySelector(".what").textContent}, ${item.querySelector(".share").textContent}`);
  const regions = stage.dataset.regions.split(",");
  const marking = startMarking({ labels, segments, regions, onChange: () => { draw(); told.textContent = marking.told(); } });

  function draw() {
    const shown = items.map((item) => item.querySelector("input").checked);
    const marked = marking.marked();
    for (let pixel = 0, at = 0; pixel < width * height; ++pixel, at += 4) {
      const dim = marked >= 0 && marking.labelAt(pixel) !== marked;
      const gray = dim ? (1 - DIMMED) * (0.3 * original[at] + 0.59 * original[at + 1] + 0.11 * original[at + 2]) : 0;
      const part = dim ? DIMMED : 1;
      for (let c = 0; c < 3; ++c) drawn.data[at + c] = part * original[at + c] + gray;
      drawn.data[at + 3] = shown[marking.segmentAt(pixel)] ? original[at + 3] : 0;
    }
    context.putImageData(drawn, 0, 0);
    for (const item of items) {
      item.classList.toggle("marked", marking.kind() === "segments" && Number(item.dataset.segment) === marked);
    }
    for (const button of document.querySelectorAll("[data-mark]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mark === marking.kind()));
    }
  }

  function pixelUnder(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.min(width - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * width)));
    const y = Math.min(height - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * height)));
    return y * width + x;
  }

  canvas.addEventListener("pointermove", (event) => marking.over(pixelUnder(event)));
  canvas.addEventListener("pointerleave", () => marking.over(-1));
  canvas.addEventListener("click", (event) => marking.hold(pixelUnder(event)));
  for (const item of items) {
    const enter = () => marking.segment(Number(item.dataset.segment));
    item.addEventListener("pointerenter", enter);
    item.addEventListener("focusin", enter);
    item.addEventListener("pointerleave", () => marking.over(-1));
    item.addEventListener("change", draw);
  }

  for (const button of document.querySelectorAll("[data-mark]")) {
    button.addEventListener("click", () => marking.choose(button.dataset.mark));
  }
  for (const [what, checked] of [["all", true], ["none", false]]) {
    document.querySelector(`[data-do=${what}]`).addEventListener("click", () => {
      for (const item of items) item.querySelector("input").checked = checked;
      draw();
    });
  }
  document.querySelector("[data-do=save]").addEventListener("click", (event) => {
    marking.clear(); // what is saved has its own colors
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
