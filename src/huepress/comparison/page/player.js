// The frames of animations: all pictures of a viewer move by one clock, that of the original.

// Decoded sheets that are kept of all viewers together, and for each that is in sight; each has at most four million pixels.
const MOST_SHEETS = 12;
const SHEETS_IN_USE = 4; // two sides, now and soon
const LONGEST_STEP = 0.1; // seconds: rather late than by leaps, and nothing passes in a window that nobody sees
const LEAST_SPAN = 5; // points of the score, so that no trifle looks like a fall
let inSightNow = 0; // viewers
const sheets = new Map(); // from an address to its bitmap, what was used last at the end; null while it is decoded

/* Return the file that a data URI holds; an `Image` would decode it, too, but would hold up all else meanwhile. */
function fileIn(address) {
  const [head, body] = address.split(",");
  const codes = atob(body);
  const bytes = new Uint8Array(codes.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = codes.charCodeAt(i); // ten times as fast as `Uint8Array.from`
  return new Blob([bytes], { type: head.slice("data:".length, head.indexOf(";")) });
}

let fileAt = async (address) => fileIn(address); // returns the file that is at an address, sooner or later

/* Have files got in another way than out of data URIs. */
export function getSheetsBy(other) {
  fileAt = other;
}

/* Tell whether the sheet at an address is still wanted. */
export const isWanted = (address) => sheets.has(address);

/* Return the decoded sheet at an address; null where it is not there yet, and `then` is called once it is. */
function sheetAt(address, then) {
  const found = sheets.get(address);
  if (found === undefined) {
    sheets.set(address, null);
    fileAt(address).then(createImageBitmap).then((bitmap) => {
      if (sheets.has(address)) sheets.set(address, bitmap);
      else bitmap.close();
      then();
    }).catch(() => {}); // what cannot be had or decoded is not shown
    for (const [old, bitmap] of sheets) {
      if (sheets.size <= Math.max(MOST_SHEETS, SHEETS_IN_USE * inSightNow)) break;
      bitmap?.close();
      sheets.delete(old);
    }
    return null;
  }
  sheets.delete(address);
  sheets.set(address, found);
  return found;
}

/* Give all sheets up, those that are waited for as well: the viewers that show them are no more. */
export function forgetSheets() {
  for (const bitmap of sheets.values()) bitmap?.close();
  sheets.clear();
}

/* A canvas in the place of an image, and the sheets that its frames come from. */
class Strip {
  constructor(kind, told, addresses, width, height) {
    this.canvas = document.createElement("canvas");
    Object.assign(this.canvas, { className: kind, width, height });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", told);
    this.addresses = addresses;
    this.drawn = -1;
  }

  /* Decode a sheet that may be wanted soon. */
  prepare(number, then = () => {}) {
    sheetAt(this.addresses[number % this.addresses.length], then);
  }

  /* Draw a frame, and tell whether that could be done; if not, `then` is called when it can be. */
  draw(place, aSheet, then) {
    const number = Math.floor(place / aSheet);
    const sheet = sheetAt(this.addresses[number], then);
    this.prepare(number + 1, then);
    if (!sheet) return false;
    if (this.drawn !== place) {
      const { width, height } = this.canvas;
      const context = this.canvas.getContext("2d");
      context.clearRect(0, 0, width, height);
      context.drawImage(sheet, 0, (place % aSheet) * height, width, height, 0, 0, width, height);
      this.drawn = place;
    }
    return true;
  }
}

/* Put canvases in the place of the images of a viewer, and move them.
   To be called before `startViewer`, which takes what is returned: to be told what it shows. Of stills it is nothing. */
export function startPlayer(viewer) {
  const player = viewer.querySelector(".player");
  if (!player) return undefined;
  const frames = JSON.parse(player.dataset.frames).map(([number, start, seconds]) => ({ number, start, seconds }));
  const aSheet = Number(player.dataset.sheet);
  const figures = [...viewer.querySelectorAll("figure")];
  const slider = player.querySelector("input");
  const stage = viewer.querySelector(".stage");
  const button = (name) => player.querySelector(`[data-play=${name}]`);
  const versions = figures.map((figure) => {
    const image = figure.querySelector("img");
    const { sheets: pictures, maps, scores, worst } = figure.dataset;
    const size = [Number(viewer.dataset.width), Number(viewer.dataset.height)];
    const picture = new Strip("picture", image.alt, pictures.split(" "), ...size);
    const map = maps && new Strip("map", `Difference of ${image.alt} from the original`, maps.split(" "), ...size);
    figure.dataset.href ||= image.src; // the file itself, to be taken along
    image.replaceWith(picture.canvas, ...(map ? [map.canvas] : []));
    return { picture, map, label: image.alt, scores: scores?.split(" "), worst: worst && Number(worst) };
  });
  const ends = [];
  for (const { seconds } of frames) ends.push((ends.at(-1) ?? 0) + seconds);
  const hasRoom = versions.length * versions[0].picture.addresses.length <= MOST_SHEETS;
  let shown = { left: 0, right: 0, taken: 0, difference: false };
  let position = 0; // on the clock, in seconds
  let place = 0; // of the frame in what the page holds
  let wanted = !window.matchMedia("(prefers-reduced-motion: reduce)").matches; // that it moves
  let inSight = false;
  let before = 0;
  let asked = 0; // to be called for the next picture of the screen

  function draw() {
    if (!inSight || !viewer.isConnected) return false;
    const { number, start } = frames[place];
    const version = versions[shown.taken];
    let ready = true;
    for (const each of [versions[shown.left], versions[shown.right]]) {
      ready = ((shown.difference && each.map) || each.picture).draw(place, aSheet, draw) && ready;
    }
    // Those that may be chosen next are there then, if there is room for all.
    if (hasRoom) for (const each of versions) each.picture.prepare(Math.floor(place / aSheet));
    const at = `frame ${number + 1} of ${player.dataset.total}, ${start.toFixed(2)} s`;
    stage.classList.toggle("waiting", !ready);
    slider.value = place;
    slider.setAttribute("aria-valuetext", at);
    player.querySelector(".at").textContent = at + (version.scores ? `, score ${version.scores[place]}` : "");
    return ready;
  }

  /* Draw the score of each frame over the slider, of what can be taken along. */
  function plot() {
    const { scores, worst } = versions[shown.taken];
    const [each, lowest] = player.querySelectorAll(".scores path");
    player.querySelector(".scores").style.display = scores && frames.length > 1 ? "" : "none";
    if (!scores || frames.length < 2) return;
    const values = scores.map(Number);
    const high = Math.max(...values);
    const span = Math.max(LEAST_SPAN, high - Math.min(...values));
    const points = values.map((value, i) => `${100 * i / (frames.length - 1)} ${100 * (high - value) / span}`);
    each.setAttribute("d", `M${points.join("L")}`);
    lowest.setAttribute("d", worst === undefined ? "" : `M${points[worst]}h0`);
  }

  function tick(now) {
    const passed = Math.min((now - before) / 1000, LONGEST_STEP);
    before = now;
    if (draw()) { // else the clock waits, so that no frame is left out
      position = (position + passed) % ends.at(-1);
      place = Math.max(0, ends.findIndex((end) => end > position));
    }
    asked = requestAnimationFrame(tick);
  }

  function move(on) {
    wanted = on;
    const moves = wanted && inSight && frames.length > 1;
    player.classList.toggle("moves", wanted);
    button("toggle").setAttribute("aria-label", wanted ? "Pause" : "Play");
    cancelAnimationFrame(asked);
    before = performance.now();
    if (moves) asked = requestAnimationFrame(tick);
  }

  function goTo(number) {
    move(false);
    place = (number + frames.length) % frames.length;
    position = ends[place] - frames[place].seconds;
    draw();
  }

  const actions = {
    previous: () => goTo(place - 1),
    next: () => goTo(place + 1),
    toggle: () => move(!wanted),
    worst: () => { if (versions[shown.taken].worst !== undefined) goTo(versions[shown.taken].worst); },
  };
  for (const name of Object.keys(actions)) button(name).addEventListener("click", actions[name]);
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  const keys = { " ": actions.toggle, ",": actions.previous, ".": actions.next, w: actions.worst };
  viewer.addEventListener("keydown", (event) => {
    const pressed = keys[event.key.length === 1 ? event.key.toLowerCase() : ""];
    if (!pressed || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.closest(".stage, .player") || (event.key === " " && event.target.closest("button"))) return;
    event.preventDefault();
    pressed();
  });
  new IntersectionObserver((entries) => {
    const { isIntersecting } = entries.at(-1);
    inSightNow += isIntersecting - inSight;
    inSight = isIntersecting;
    move(wanted);
    draw();
  }).observe(stage);
  player.hidden = false;
  for (const control of player.querySelectorAll("button, input")) control.hidden = frames.length < 2;

  return (now) => {
    shown = now;
    const { worst, label } = versions[shown.taken];
    button("worst").hidden = worst === undefined || frames.length < 2;
    if (worst !== undefined) {
      button("worst").textContent = `Worst frame: ${frames[worst].number + 1}`;
      button("worst").title = `Worst frame of ${label}`;
    }
    plot();
    draw();
  };
}
