// The comparison of a picture with its result: the viewer of the comparison page.
import { call, make } from "./api.js";
import { forgetSheets, getSheetsBy, isWanted, startPlayer } from "./player.js";
import { known } from "./rows.js";
import * as segments from "./segments.js";
import { fetchInTurn } from "./sheets.js";
import * as swatches from "./swatches.js";
import { say, startViewer } from "./viewer.js";

const dialog = document.querySelector("#comparison");
const place = document.querySelector("#compared");
const frontier = document.querySelector("#frontier");
const pick = document.querySelector("#pick");
const FAILED = -1; // in place of the number of a result
let viewer = null;
let shown = { id: "", version: 0, beside: 0 }; // the picture, its result, and an earlier version; 0 for none
let drawn = ""; // the address of what is in place

const addressOf = ({ id, version, beside }) => `api/pictures/${id}/view/${beside ? `${version}-${beside}` : version}`;

/* Take what is compared away, and tell the server that nobody waits for what it may still be drawing of it. */
function clear() {
  viewer?.stop();
  viewer = null;
  place.replaceChildren();
  forgetSheets();
  if (drawn) call("DELETE", drawn).catch(() => {}); // the picture may be gone
  drawn = "";
}

/* Draw the original and the result, and if wished for an earlier version, which is seen first then. */
async function draw(row, beside = 0) {
  const version = row.made.number;
  const isNew = shown.id !== row.id || shown.version !== version;
  const wanted = (shown = { id: row.id, version, beside });
  place.setAttribute("aria-busy", "true");
  mark();
  const answer = await fetch(`${addressOf(wanted)}/viewer.html`);
  const text = await answer.text();
  if (shown !== wanted) return; // overtaken meanwhile
  if (!answer.ok && beside) { // it is no more
    draw(row);
    return;
  }
  place.removeAttribute("aria-busy");
  if (drawn !== addressOf(wanted)) clear();
  if (!answer.ok) {
    place.textContent = JSON.parse(text).error;
    return;
  }
  drawn = addressOf(wanted);
  const template = document.createElement("template"); // in which nothing loads yet
  template.innerHTML = text;
  for (const figure of template.content.querySelectorAll("figure[data-sheets]")) { // it comes frame by frame
    const image = figure.querySelector("img");
    figure.dataset.href ||= image.getAttribute("src");
    image.removeAttribute("src");
  }
  place.replaceChildren(template.content);
  const element = place.querySelector(".viewer");
  place.style.setProperty("--ratio", element.dataset.width / element.dataset.height);
  viewer = startViewer(element, false, startPlayer(element));
  segments.renew(viewer, ...layered());
  if (!isNew && frontier.querySelector(".plot")) return;
  swatches.show(row);
  plot(row);
}

/* Mark the points of the plot whose versions are shown. */
function mark() {
  for (const point of frontier.querySelectorAll("[data-key]")) {
    point.setAttribute("aria-pressed", [shown.version, shown.beside].includes(Number(point.dataset.key)));
  }
}

/* Show the version of a point of the plot, beside the original and the result. */
function choose(point) {
  const row = known(shown.id);
  const number = Number(point?.dataset.key);
  if (!row?.made || !number) return;
  draw(row, number === row.made.number || number === shown.beside ? 0 : number);
  dialog.scrollTo({ top: 0 });
}

/* What the segments lie over: the stage, whose picture it is, and its size. Of an animation they are the first frame's. */
function layered() {
  const slider = place.querySelector(".player input");
  if (slider && segments.isOn()) {
    slider.value = 0;
    slider.dispatchEvent(new Event("input"));
  }
  const { width, height } = place.querySelector(".viewer").dataset;
  return [place.querySelector(".stage"), shown.id, { width: Number(width), height: Number(height) }];
}

/* Draw score over bytes of all versions that were made of the picture here. */
async function plot(row) {
  const answer = await fetch(`api/pictures/${row.id}/frontier`);
  const text = answer.ok ? await answer.text() : "";
  if (shown.id !== row.id || shown.version !== row.made.number) return; // overtaken meanwhile
  frontier.innerHTML = text;
  if (frontier.querySelector("[data-key]")) {
    frontier.append(make("p", { className: "keys", textContent: "A click on a point shows that version beside the original; so does Enter." }));
  }
  mark();
}

function facts(row) {
  const made = row.made;
  const sides = [`${row.width} × ${row.height}`];
  if (made.width && (made.width !== row.width || made.height !== row.height)) sides.push(`${made.width} × ${made.height}`);
  const told = [sides.join(" → "), `${row.size} → ${made.size}`, made.kept ? "kept" : made.saved_text];
  if (made.n_colors !== null) told.push(`${made.n_colors.toLocaleString("en")} color${made.n_colors === 1 ? "" : "s"}`);
  if (made.score !== null) told.push(`score ${made.score}, ${made.words}`);
  if (made.is_first) told.push("a first look; the result is coming");
  told.push(...made.remarks);
  document.querySelector("#comparison-heading").textContent = row.name;
  document.querySelector("#comparison-facts").textContent = told.join(" · ");
}

const original = () => place.querySelector(".picture[alt=Original], .picture[aria-label=Original]"); // a picture, or a frame

/* Return the color of the original at a point, as the browser shows it. */
function colorAt({ x, y }) {
  const image = original();
  const { width, height } = place.querySelector(".viewer").dataset;
  if (!image || x < 0 || y < 0 || x >= width || y >= height) return null;
  const canvas = make("canvas", { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, -x, -y);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return `#${[r, g, b, ...(a < 255 ? [a] : [])].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/* What is compared has failed: nothing of before stands beside that. */
function failed(row) {
  if (shown.version === FAILED) return;
  shown = { id: row.id, version: FAILED, beside: 0 };
  clear();
  place.removeAttribute("aria-busy");
  segments.takeOff(null);
  frontier.replaceChildren();
  swatches.show(row);
  document.querySelector("#comparison-facts").textContent = `Failed: ${row.error}`;
}

export function open(id) {
  const row = known(id);
  if (!row?.made) return;
  facts(row);
  clear();
  swatches.open(id);
  frontier.replaceChildren();
  dialog.append(document.querySelector(".said")); // beside it nothing is seen
  dialog.showModal();
  draw(row);
}

export function update() {
  if (!dialog.open) return;
  const row = known(shown.id);
  if (!row) {
    dialog.close();
    if (document.activeElement === document.body) document.querySelector("#add").focus(); // its row has gone, too
  } else if (row.error && !row.made) {
    failed(row);
  } else if (row.made) {
    facts(row);
    swatches.mark();
    if (row.made.number !== shown.version) draw(row, shown.beside);
  }
}

export function startComparison() {
  swatches.startSwatches();
  getSheetsBy(fetchInTurn(isWanted));
  document.querySelector("#close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    clear();
    document.body.append(document.querySelector(".said"));
    shown = { id: "", version: 0, beside: 0 };
    segments.reset();
    pick.setAttribute("aria-pressed", false);
    dialog.classList.remove("picking");
  });
  segments.startSegments(() => {
    if (!viewer) return; // it is being drawn
    if (segments.isOn()) segments.renew(viewer, ...layered());
    else segments.takeOff(viewer);
  });
  frontier.addEventListener("click", (event) => choose(event.target.closest("[data-key]")));
  frontier.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(event.target.closest("[data-key]"));
  });
  pick.addEventListener("click", () => {
    const on = dialog.classList.toggle("picking");
    pick.setAttribute("aria-pressed", on);
  });
  place.addEventListener("pointerdown", (event) => {
    if (!dialog.classList.contains("picking") || !event.target.closest(".stage")) return;
    event.preventDefault();
    event.stopPropagation();
    const image = original();
    if (!viewer || image?.complete === false) { // there is no color to be seen yet
      say("The picture is being drawn; click again");
      return;
    }
    dialog.classList.remove("picking");
    pick.setAttribute("aria-pressed", false);
    const color = colorAt(viewer.pointAt(event));
    if (color) swatches.keep(color);
  }, true);
}
