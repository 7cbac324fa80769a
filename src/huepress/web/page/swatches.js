// The palette of what is compared: its colors to pin and to remove, for that picture alone unless all are chosen.
import { make } from "./api.js";
import * as settings from "./settings.js";
import { copy, say } from "./viewer.js";

const place = document.querySelector("#swatches");
const scope = document.querySelector("#edits-for");
const HEX = /^#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/;
const LONG = 8000; // milliseconds that a whole sentence stays
let id = ""; // whose palette it is
let shown = null; // the row whose result is shown
let seen = []; // its colors as they are shown: of a newer result there may be others already

/* For whom an edit is: a picture with settings of its own hears of no others. */
const whom = () => (scope.value === "all" && !settings.isOwn(id) ? "" : id);

/* Return a color as results tell theirs, so that two spellings of it are one; null for what is none. */
function normal(color) {
  const digits = HEX.exec(color.trim().toLowerCase())?.[1];
  if (!digits) return null;
  const long = digits.length < 6 ? [...digits].map((digit) => digit + digit).join("") : digits;
  return `#${long.length === 8 && long.endsWith("ff") ? long.slice(0, 6) : long}`;
}

const listed = (name) => (settings.get(name, id) || "").split(",").map(normal).filter(Boolean);
const isFixed = () => Boolean(settings.get("palette", id));

/* The colors that are asked for, even if the result does not show them yet; else those that are seen: what somebody means. */
function present() {
  const asked = listed("palette");
  return asked.length ? asked : seen;
}

async function edit(values) {
  say("");
  const changed = settings.set(values, whom());
  mark();
  try {
    await changed;
  } catch (error) { // it was taken back
    say(`Not changed: ${error.message}`, LONG);
    if (shown) show(shown);
  }
}

/* Pin a color, or let a pinned one go; a palette that is fixed takes it in. */
export function pin(color) {
  if (!isFixed()) {
    const pinned = listed("pin");
    edit({ pin: (pinned.includes(color) ? pinned.filter((each) => each !== color) : [...pinned, color]).join(",") });
  } else if (present().includes(color)) {
    say("This palette is fixed, so all its colors stay: Delete takes one out, “Choose the colors anew” lets them go", LONG);
  } else {
    edit({ palette: [...present(), color].join(",") });
  }
}

/* Pin a color that was picked, if it is not pinned yet. */
export function keep(color) {
  if (!isFixed() && listed("pin").includes(color)) say("Pinned already");
  else pin(color);
}

/* Take a color out: the others, the pinned ones among them, become the palette that is asked for. */
function without(color) {
  const others = present().filter((each) => each !== color);
  if (others.length === 0) {
    say("A palette has at least one color", LONG);
    return;
  }
  leave(place.querySelector(`[data-color="${color}"]`));
  edit({ palette: others.join(","), pin: null });
}

/* Take a swatch away before the result comes, so that a key that is pressed again takes the next one. */
function leave(button) {
  const item = button.closest("li");
  const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button");
  if (item.contains(document.activeElement)) next?.focus();
  item.remove();
}

/* Mark what is pinned now. */
export function mark() {
  const [one, all] = scope.options;
  all.disabled = settings.isOwn(id);
  all.textContent = all.disabled ? "all pictures (this one has settings of its own)" : "all pictures";
  if (all.disabled) one.selected = true;
  const pinned = new Set(isFixed() ? present() : listed("pin"));
  for (const button of place.querySelectorAll("[data-color]")) button.setAttribute("aria-pressed", pinned.has(button.dataset.color));
}

function swatch(color) {
  const button = make("button", { type: "button", title: color, "aria-label": `Pin ${color}`, "data-color": color });
  button.style.setProperty("--color", color);
  button.addEventListener("click", () => pin(color));
  button.addEventListener("keydown", (event) => { if (event.key === "Delete") without(color); });
  button.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    without(color);
  });
  return make("li", {}, button);
}

/* Show the palette of a result; focus stays on its color, or where that was. */
export function show(row) {
  shown = row;
  seen = row.made?.palette ?? [];
  const asked = listed("palette"); // of more that were removed meanwhile a result does not know yet
  const colors = asked.length ? seen.filter((each) => asked.includes(each)) : seen;
  const before = [...place.querySelectorAll("[data-color]")];
  const at = before.indexOf(document.activeElement);
  const focused = at < 0 ? document.activeElement?.dataset?.do : before[at].dataset.color;
  const wasInside = place.contains(document.activeElement);
  if (colors.length) {
    const all = make("button", { type: "button", textContent: "Copy all colors", "data-do": "colors" });
    all.addEventListener("click", () => copy(colors.join(",")));
    const anew = make("button", { type: "button", textContent: "Choose the colors anew", "data-do": "anew", hidden: !isFixed() });
    anew.addEventListener("click", () => edit({ palette: null }));
    place.replaceChildren(
      make("p", { className: "keys", textContent: isFixed()
        ? "Palette, fixed: Delete, the other mouse button or a long press removes a color."
        : "Palette: click a color to pin it; Delete, the other mouse button or a long press removes it, and fixes the others." }),
      make("ul", { className: "palette", "aria-label": "Palette of the result" }, ...colors.map(swatch)),
      make("p", { className: "bar" }, all, anew),
    );
  } else { // an original that was kept, or a format of any number of colors
    place.replaceChildren();
  }
  mark();
  if (!wasInside) return;
  const now = [...place.querySelectorAll("[data-color]")];
  const same = [...place.querySelectorAll("[data-color], [data-do]")].find((each) => !each.hidden && [each.dataset.color, each.dataset.do].includes(focused));
  (same ?? now[Math.min(Math.max(at, 0), now.length - 1)] ?? document.querySelector("#close")).focus();
}

/* A comparison begins: what is edited there is for its picture, until somebody says otherwise. */
export function open(whose) {
  id = whose;
  shown = null;
  scope.value = "one";
  seen = [];
  place.replaceChildren();
  mark();
}

export function startSwatches() {
  scope.addEventListener("change", mark);
}
