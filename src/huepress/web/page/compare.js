// The comparison of a picture with its result: the viewer of the comparison page, and its palette to pin and remove.
import { make } from "/part/api.js";
import { known } from "/part/rows.js";
import * as segments from "/part/segments.js";
import * as settings from "/part/settings.js";
import { copy, startViewer } from "/part/viewer.js";

const dialog = document.querySelector("#comparison");
const place = document.querySelector("#compared");
const swatches = document.querySelector("#swatches");
const frontier = document.querySelector("#frontier");
const pick = document.querySelector("#pick");
let viewer = null;
let shown = { id: "", version: "" };

const versionOf = (row) => row.made && `${row.made.bytes} ${row.made.is_first} ${row.made.palette.join()}`;

async function draw(row) {
  shown = { id: row.id, version: versionOf(row) };
  const base = `/api/pictures/${row.id}/view/`;
  place.setAttribute("aria-busy", "true");
  const answer = await fetch(`${base}viewer.html`);
  const text = await answer.text();
  if (shown.id !== row.id || shown.version !== versionOf(row)) return; // overtaken meanwhile
  place.removeAttribute("aria-busy");
  viewer?.stop();
  viewer = null;
  if (!answer.ok) {
    place.textContent = JSON.parse(text).error;
    return;
  }
  const template = document.createElement("template"); // in which nothing loads yet
  template.innerHTML = text;
  const stamp = encodeURIComponent(shown.version.length + shown.version.slice(0, 24));
  for (const image of template.content.querySelectorAll("img")) {
    image.setAttribute("src", `${base}${image.getAttribute("src")}?${stamp}`);
  }
  const made = template.content.querySelectorAll("figure")[1];
  Object.assign(made.dataset, { command: row.command, file: "", href: `/api/pictures/${row.id}/result` });
  place.replaceChildren(template.content);
  viewer = startViewer(place.querySelector(".viewer"), false);
  segments.renew(viewer, ...layered());
  palette(row);
  plot(row);
}

/* What the segments lie over: the stage, whose picture it is, and its size. */
function layered() {
  const { width, height } = place.querySelector(".viewer").dataset;
  return [place.querySelector(".stage"), shown.id, { width: Number(width), height: Number(height) }];
}

/* Draw score over bytes of all versions that were made of the picture here. */
async function plot(row) {
  const answer = await fetch(`/api/pictures/${row.id}/frontier`);
  const text = answer.ok ? await answer.text() : "";
  if (shown.id === row.id && shown.version === versionOf(row)) frontier.innerHTML = text;
}

function facts(row) {
  const made = row.made;
  const told = [`${row.width} × ${row.height}`, `${row.size} → ${made.size}`, made.saved_text, `${made.palette.length} colors`];
  if (made.score !== null) told.push(`score ${made.score}, ${made.words}`);
  if (made.is_first) told.push("a first look; the result is coming");
  document.querySelector("#comparison-heading").textContent = row.name;
  document.querySelector("#comparison-facts").textContent = told.join(" · ");
}

const listed = (name) => (settings.get(name) || "").split(",").map((color) => color.trim()).filter(Boolean);

async function pin(color) {
  const pinned = listed("pin");
  const known = pinned.includes(color);
  await settings.set("pin", (known ? pinned.filter((each) => each !== color) : [...pinned, color]).join(","));
}

function palette(row) {
  const pinned = new Set(listed("pin"));
  const colors = row.made.palette;
  const items = colors.map((color) => {
    const button = make("button", {
      type: "button", title: color, "aria-label": `Pin ${color}`, "aria-pressed": pinned.has(color), "data-color": color,
    });
    button.style.setProperty("--color", color);
    button.addEventListener("click", () => pin(color));
    button.addEventListener("keydown", (event) => { if (event.key === "Delete") without(colors, color); });
    button.addEventListener("contextmenu", (event) => { event.preventDefault(); without(colors, color); });
    return make("li", {}, button);
  });
  const all = make("button", { type: "button", textContent: "Copy all colors" });
  all.addEventListener("click", () => copy(colors.join(",")));
  const focused = document.activeElement?.dataset?.color;
  swatches.replaceChildren(
    make("p", { className: "keys", textContent: "Palette: click a color to pin it; Delete, the other mouse button or a long press removes it." }),
    make("ul", { className: "palette", "aria-label": "Palette of the result" }, ...items),
    all,
  );
  if (focused) swatches.querySelector(`[data-color="${focused}"]`)?.focus();
}

/* Take a color out: the others become the palette that is asked for. */
function without(colors, color) {
  if (colors.length > 1) settings.set("palette", colors.filter((each) => each !== color).join(","));
}

/* Return the color of the original at a point, as the browser shows it. */
function colorAt({ x, y }) {
  const image = place.querySelector(".picture[alt=Original]");
  if (!image || x < 0 || y < 0 || x >= image.naturalWidth || y >= image.naturalHeight) return null;
  const canvas = make("canvas", { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, -x, -y);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return `#${[r, g, b, ...(a < 255 ? [a] : [])].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

export function open(id) {
  const row = known(id);
  if (!row?.made) return;
  settings.choose(row.own ? id : "");
  facts(row);
  place.replaceChildren();
  swatches.replaceChildren();
  frontier.replaceChildren();
  dialog.showModal();
  draw(row);
}

export function update() {
  if (!dialog.open) return;
  const row = known(shown.id);
  if (!row) {
    dialog.close();
  } else if (row.made) {
    facts(row);
    if (versionOf(row) !== shown.version) draw(row);
  }
}

export function startComparison() {
  document.querySelector("#close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    viewer?.stop();
    viewer = null;
    place.replaceChildren();
    segments.reset();
    pick.setAttribute("aria-pressed", false);
    dialog.classList.remove("picking");
  });
  segments.startSegments(() => {
    if (!viewer) return; // it is being drawn
    if (segments.isOn()) segments.renew(viewer, ...layered());
    else segments.takeOff(viewer);
  });
  pick.addEventListener("click", () => {
    const on = dialog.classList.toggle("picking");
    pick.setAttribute("aria-pressed", on);
  });
  place.addEventListener("pointerdown", (event) => {
    if (!dialog.classList.contains("picking") || !event.target.closest(".stage") || !viewer) return;
    event.preventDefault();
    event.stopPropagation();
    dialog.classList.remove("picking");
    pick.setAttribute("aria-pressed", false);
    const color = colorAt(viewer.pointAt(event));
    if (color) pin(color);
  }, true);
}
