// The segments and regions of a picture as a layer over what is compared: their outlines, and what is marked.
import { make } from "./api.js";
import { pixelsOf, startMarking } from "./marking.js";

const place = document.querySelector("#layer");
const button = document.querySelector("#segments");
const VEIL = [110, 110, 110, 190]; // over what is not marked
const OUTLINE = [[255, 255, 255, 255], [0, 0, 0, 200]]; // light beside dark: seen on any ground
let present = null; // what is drawn now

export const isOn = () => button.getAttribute("aria-pressed") === "true";

function outlines(marking, data, width, height) {
  const marked = marking.marked();
  for (let y = 0, pixel = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x, ++pixel) {
      const label = marking.labelAt(pixel);
      const ends = (x + 1 < width && marking.labelAt(pixel + 1) !== label) || (y + 1 < height && marking.labelAt(pixel + width) !== label);
      const begins = (x > 0 && marking.labelAt(pixel - 1) !== label) || (y > 0 && marking.labelAt(pixel - width) !== label);
      const color = ends ? OUTLINE[0] : begins ? OUTLINE[1] : marked >= 0 && label !== marked ? VEIL : [0, 0, 0, 0];
      for (let c = 0; c < 4; ++c) data[4 * pixel + c] = color[c];
    }
  }
}

function build(marking, facts, canvases) {
  const told = make("p", { className: "told", role: "status", "aria-live": "polite", textContent: "Move the pointer over the picture, or the focus through the list; a click holds the mark." });
  const kinds = [["segments", `${facts.segments.length} segments`], ["regions", `${facts.regions.length} regions`]].map(([kind, text]) => {
    const one = make("button", { type: "button", textContent: text, "aria-pressed": kind === marking.kind(), "data-mark": kind });
    one.addEventListener("click", () => marking.choose(kind));
    return one;
  });
  const items = facts.segments.map(({ color, told: text }, number) => {
    const one = make("button", { type: "button", "data-segment": number }, make("span", { className: "swatch", "aria-hidden": "true" }), text);
    one.firstElementChild.style.setProperty("--color", color);
    for (const event of ["focus", "pointerenter", "click"]) one.addEventListener(event, () => marking.segment(number));
    one.addEventListener("pointerleave", () => marking.over(-1));
    return make("li", {}, one);
  });
  place.replaceChildren(
    make("p", { className: "bar", role: "group", "aria-label": "What the pointer marks" }, ...kinds), told,
    make("ul", { className: "segments", "aria-label": "Segments" }, ...items),
  );
  const { width, height } = facts;
  const contexts = canvases.map((canvas) => canvas.getContext("2d"));
  const drawn = contexts[0].createImageData(width, height);
  return (isFirst) => {
    outlines(marking, drawn.data, width, height);
    for (const context of contexts) context.putImageData(drawn, 0, 0);
    for (const one of kinds) one.setAttribute("aria-pressed", one.dataset.mark === marking.kind());
    if (!isFirst) told.textContent = marking.told();
  };
}

/* Lay the segments of a picture over a viewer. */
async function lay(viewer, stage, id, size) {
  const wanted = (present = { id });
  place.hidden = false;
  place.textContent = "Finding segments …";
  const base = `api/pictures/${id}/segments/`;
  try {
    const answer = await fetch(`${base}segments.json`);
    const facts = await answer.json();
    if (!answer.ok) throw new Error(facts.error);
    const map = new Image();
    map.src = `${base}labels.png?${Date.now()}`;
    await map.decode();
    if (present !== wanted) return; // overtaken meanwhile
    const canvases = ["left", "right"].map(() => make("canvas", { className: "layer", width: facts.width, height: facts.height, "aria-hidden": "true" }));
    let draw = () => {};
    const marking = startMarking({
      labels: pixelsOf(map, facts.width, facts.height).data,
      segments: facts.segments.map(({ told }) => told),
      regions: facts.regions,
      onChange: () => draw(false),
    });
    draw = build(marking, facts, canvases);
    draw(true);
    viewer.lay({ left: canvases[0], right: canvases[1] });
    follow(wanted, viewer, stage, marking, facts, size);
  } catch (error) {
    if (present === wanted) place.textContent = error.message;
  }
}

/* Mark what the pointer is over; a click that is no drag holds the mark. */
function follow(wanted, viewer, stage, marking, facts, size) {
  const listening = new AbortController();
  wanted.stop = () => listening.abort();
  const options = { signal: listening.signal };
  const under = (event) => {
    const { x, y } = viewer.pointAt(event);
    if (x < 0 || y < 0 || x >= size.width || y >= size.height) return -1;
    return Math.floor((y * facts.height) / size.height) * facts.width + Math.floor((x * facts.width) / size.width);
  };
  let pressed = null;
  stage.addEventListener("pointermove", (event) => { if (!event.buttons) marking.over(under(event)); }, options);
  stage.addEventListener("pointerleave", () => marking.over(-1), options);
  stage.addEventListener("pointerdown", (event) => { pressed = event; }, options);
  stage.addEventListener("pointerup", (event) => {
    const still = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) < 4;
    const pixel = under(event);
    if (still && pixel >= 0) marking.hold(pixel);
    pressed = null;
  }, options);
}

export function takeOff(viewer) {
  present?.stop?.();
  present = null;
  place.hidden = true;
  place.replaceChildren();
  viewer?.lay(null);
}

/* The viewer is another one: lay the segments over it, if they are wished for. */
export function renew(viewer, stage, id, size) {
  takeOff(null);
  if (isOn()) lay(viewer, stage, id, size);
}

export function startSegments(onToggle) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", !isOn());
    onToggle();
  });
}

export function reset() {
  button.setAttribute("aria-pressed", false);
  takeOff(null);
}
