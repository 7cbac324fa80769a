// One module for the comparison page, which holds it as text, and for the page of `huepress serve`.

// Pixels of the screen for one of the picture.
const LARGEST_ZOOM = 64;
const LEVELS = [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const LEAST_SIDE = 8; // in pixels of the page, of a picture that fits
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

let saying = 0;

/* Say something where it is seen above all else, for some milliseconds, or until something else is said. */
export function say(text, long = 4000) {
  const said = document.querySelector(".said");
  said.textContent = text;
  clearTimeout(saying);
  if (long < Infinity) saying = setTimeout(() => { said.textContent = ""; }, long);
}

/* Copy a text, and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${text}`);
  } catch { // no clipboard without permission, nor from another machine without encryption
    offer(text);
  }
}

/* Show a text marked in a field, to be copied by hand. */
function offer(text) {
  const before = document.activeElement;
  const field = document.createElement("input");
  field.readOnly = true;
  field.value = text;
  field.setAttribute("aria-label", "To be copied by hand");
  say("To be copied by hand (Ctrl+C): ", Infinity);
  document.querySelector(".said").append(field);
  field.focus();
  field.select();
  field.addEventListener("blur", () => { if (field.isConnected) say(""); });
  field.addEventListener("copy", () => setTimeout(() => {
    before.focus();
    say(`Copied: ${text}`);
  }));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // what it lies over stays open
    before.focus();
  });
}

/* One viewer: two sides that share one place, so that they cannot fall out of step.
   `fits`: whether its stage gets the height that the page leaves it, or has one of its own.
   `onShow`: is told the places of what the sides show and of what can be taken along, and whether differences are shown.
   Returns what others may ask of it: the point of the picture under a pointer, to lay something over both sides (`left`
   and `right`, of the picture's size; null for nothing), and to listen no more. */
export function startViewer(viewer, fits = true, onShow = () => {}) {
  const stage = viewer.querySelector(".stage");
  const sides = { left: stage.querySelector(".left"), right: stage.querySelector(".right") };
  const selects = { left: viewer.querySelector("[data-role=left]"), right: viewer.querySelector("[data-role=right]") };
  const divider = stage.querySelector(".divider");
  const figures = [...viewer.querySelectorAll("figure")];
  const pictures = figures.map((figure) => [...figure.querySelectorAll("img, canvas")]);
  const labels = [...selects.left.options].map((option) => option.textContent);
  const sources = figures.map((figure) => figure.querySelector(".picture").src);
  const width = Number(viewer.dataset.width);
  const height = Number(viewer.dataset.height);
  const pointers = new Map();
  const place = { x: width / 2, y: height / 2, scale: 1, fits: true }; // the picture's point in the middle
  let split = 50;
  let shown = { left: 0, right: Number(viewer.dataset.best) };
  let difference = false;
  let layer = null; // what lies over both sides: an element for each

  const ratio = () => window.devicePixelRatio || 1;
  const box = () => ({ width: sides.left.clientWidth || 1, height: sides.left.clientHeight || 1 });
  function fittingScale() {
    const all = Math.min(box().width / width, box().height / height);
    const scale = Math.max(all, LEAST_SIDE / Math.min(width, height)); // of a thin strip there would be nothing to see
    const whole = scale * ratio(); // small pictures stay crisp: whole pixels of the screen
    return whole >= 2 ? Math.floor(whole) / ratio() : scale;
  }
  const smallestScale = () => Math.min(fittingScale(), 1 / ratio());
  const movable = () => width * place.scale > box().width + 1 || height * place.scale > box().height + 1;

  function draw() {
    if (place.fits) place.scale = fittingScale();
    place.scale = clamp(place.scale, smallestScale(), Math.max(LARGEST_ZOOM / ratio(), fittingScale()));
    for (const [axis, length, room] of [["x", width, box().width], ["y", height, box().height]]) {
      const half = room / 2 / place.scale;
      place[axis] = 2 * half >= length ? length / 2 : clamp(place[axis], half, length - half);
    }
    const whole = (value) => Math.round(value * ratio()) / ratio(); // between pixels everything would blur
    const x = whole(box().width / 2 - place.x * place.scale);
    const y = whole(box().height / 2 - place.y * place.scale);
    for (const side of Object.values(sides)) {
      side.firstElementChild.style.transform = `translate(${x}px, ${y}px) scale(${place.scale})`;
    }
    stage.classList.toggle("pixels", place.scale * ratio() >= 2); // below, some pixels would be twice as wide as others
    stage.classList.toggle("movable", movable());
    stage.style.setProperty("--split", `${split}%`);
    divider.setAttribute("aria-valuenow", Math.round(split));
    divider.setAttribute("aria-valuetext", `${Math.round(split)} % ${labels[shown.left]}, the rest ${labels[shown.right]}`);
    viewer.querySelector("output").textContent = `${Math.round(100 * place.scale * ratio())} %`;
  }

  function show() {
    for (const [name, side] of Object.entries(sides)) {
      side.firstElementChild.replaceChildren(...pictures[shown[name]], ...(layer ? [layer[name]] : []));
      const mapped = difference && pictures[shown[name]].length > 1; // the original has no difference from itself
      side.classList.toggle("mapped", mapped);
      side.querySelector(".tag").textContent = labels[shown[name]] + (mapped ? ", difference" : "");
      selects[name].value = shown[name];
    }
    // The version that can be taken along: the right one, or where that is the original the left one.
    const taken = figures[shown.right].dataset.command ? shown.right : shown.left;
    const download = viewer.querySelector("[data-role=download]");
    download.href = figures[taken].dataset.href || sources[taken];
    download.download = figures[taken].dataset.file || "original";
    download.setAttribute("aria-label", `Download ${labels[taken]}`);
    onShow({ ...shown, taken, difference });
    viewer.querySelector(".legend").hidden = !difference;
    viewer.querySelector("[data-do=difference]").setAttribute("aria-pressed", difference);
    draw();
  }

  function choose(name, number) {
    const other = name === "left" ? "right" : "left";
    if (shown[other] === number) shown[other] = shown[name]; // never the same twice
    shown[name] = number;
    show();
  }

  /* Zoom so that the point of the picture under (x, y), from the middle of a side, stays there. */
  function zoom(factor, x = 0, y = 0) {
    const before = place.scale;
    place.fits = false;
    place.scale = clamp(before * factor, smallestScale(), LARGEST_ZOOM / ratio());
    place.x += x / before - x / place.scale;
    place.y += y / before - y / place.scale;
    if (factor < 1 && place.scale <= smallestScale()) place.fits = smallestScale() === fittingScale();
    draw();
  }

  function move(x, y) {
    place.x += x / place.scale;
    place.y += y / place.scale;
    draw();
  }

  function moveDivider(percent) {
    split = clamp(percent, 0, 100);
    draw();
  }

  function step(direction) {
    const now = place.scale * ratio();
    const beyond = LEVELS.filter((level) => direction * (level - now) > 0.001 * now);
    const next = direction > 0 ? Math.min(...beyond, LARGEST_ZOOM) : Math.max(...beyond, LEVELS[0]);
    zoom(next / now);
  }

  const actions = {
    copy: () => {
      const taken = figures[shown.right].dataset.command ? shown.right : shown.left;
      copy(figures[taken].dataset.command);
    },
    swap: () => choose("left", shown.right),
    in: () => step(1),
    out: () => step(-1),
    fit: () => { place.fits = true; draw(); },
    actual: () => zoom(1 / ratio() / place.scale),
    difference: () => { difference = !difference; show(); fitStage(); },
    beside: () => {
      const on = stage.classList.toggle("beside");
      viewer.querySelector("[data-do=beside]").setAttribute("aria-pressed", on);
      draw();
    },
  };
  for (const button of viewer.querySelectorAll("[data-do]")) {
    button.addEventListener("click", actions[button.dataset.do]);
  }
  for (const name of ["left", "right"]) {
    selects[name].addEventListener("change", () => choose(name, Number(selects[name].value)));
  }

  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 1;
    const onDivider = {
      ArrowLeft: () => moveDivider(split - far), ArrowRight: () => moveDivider(split + far),
      ArrowDown: () => moveDivider(split - far), ArrowUp: () => moveDivider(split + far),
      PageDown: () => moveDivider(split - 10), PageUp: () => moveDivider(split + 10),
      Home: () => moveDivider(0), End: () => moveDivider(100),
    };
    const way = 60 * far;
    const onPicture = {
      ArrowLeft: () => move(-way, 0), ArrowRight: () => move(way, 0),
      ArrowUp: () => move(0, -way), ArrowDown: () => move(0, way),
      "+": actions.in, "=": actions.in, "-": actions.out, 0: actions.fit, 1: actions.actual,
      d: actions.difference, s: actions.swap,
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = (event.target === divider && onDivider[key]) || onPicture[key];
    if (!action || (event.target !== divider && key.startsWith("Arrow") && !movable())) return;
    event.preventDefault();
    action();
  });

  /* Place of a pointer from the middle of the side that it is on. */
  function fromMiddle(event) {
    const bounds = stage.getBoundingClientRect();
    const room = box();
    const x = event.clientX - bounds.left - stage.clientLeft;
    return { x: (stage.classList.contains("beside") ? x % room.width : x) - room.width / 2,
      y: event.clientY - bounds.top - stage.clientTop - room.height / 2 };
  }
  const percentAt = (event) => {
    const bounds = stage.getBoundingClientRect();
    return 100 * (event.clientX - bounds.left) / bounds.width;
  };
  const span = () => {
    const [a, b] = [...pointers.values()];
    return { length: Math.hypot(a.x - b.x, a.y - b.y) || 1, x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  let dividing = false;
  let pressedAt = null; // a press that has not moved yet: one that only focuses moves nothing

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, fromMiddle(event));
    // Where there is nothing to move, a drag anywhere moves the divider.
    dividing = pointers.size === 1 && !stage.classList.contains("beside") && (event.target === divider || !movable());
    const focused = stage.matches(":focus-within");
    if (dividing && focused && event.target !== divider && event.pointerType === "mouse") moveDivider(percentAt(event));
    pressedAt = focused ? null : { x: event.clientX, y: event.clientY };
    (event.target === divider ? divider : stage).focus({ preventScroll: true });
    stage.classList.toggle("held", !dividing);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    if (pressedAt && Math.hypot(event.clientX - pressedAt.x, event.clientY - pressedAt.y) < 4) return;
    pressedAt = null;
    const before = pointers.size === 2 ? span() : pointers.get(event.pointerId);
    pointers.set(event.pointerId, fromMiddle(event));
    if (pointers.size === 2) {
      const now = span();
      zoom(now.length / before.length, now.x, now.y);
      move(before.x - now.x, before.y - now.y);
    } else if (dividing) {
      moveDivider(percentAt(event));
    } else {
      const now = pointers.get(event.pointerId);
      move(before.x - now.x, before.y - now.y);
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    stage.addEventListener(kind, (event) => {
      pointers.delete(event.pointerId);
      dividing = false;
      stage.classList.remove("held");
    });
  }
  stage.addEventListener("wheel", (event) => {
    // Until the picture is clicked the wheel scrolls the page, as everywhere. (ctrlKey: a pinch on a touchpad.)
    if (!event.ctrlKey && !stage.matches(":focus-within")) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    const at = fromMiddle(event);
    zoom(2 ** (-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.004)), at.x, at.y);
  }, { passive: false });

  viewer.querySelector(".pictures").hidden = true;
  const more = viewer.closest("section")?.querySelector(".more");
  if (more) more.open = false; // without scripts all is open
  for (const shade of viewer.querySelectorAll("[data-shade]")) shade.style.setProperty("--color", shade.dataset.shade);
  for (const part of [".controls", ".stage", ".keys"]) viewer.querySelector(part).hidden = false;
  stage.classList.toggle("translucent", viewer.dataset.translucent === "true");
  // The stage is as high as the picture, if that leaves room for the rest: all is seen at once, nothing scrolls.
  function fitStage() {
    if (!fits) return;
    const alone = document.querySelectorAll(".viewer").length === 1;
    const others = alone
      ? document.documentElement.getBoundingClientRect().height - stage.offsetHeight - more.offsetHeight
        + more.querySelector("summary").offsetHeight
      : viewer.offsetHeight - stage.offsetHeight + 60;
    const room = Math.max(220, window.innerHeight - Math.ceil(others) - 2);
    stage.style.height = `${Math.min(room, Math.max(320, Math.ceil(stage.clientWidth * height / width) + 2))}px`;
  }
  window.addEventListener("resize", fitStage);
  const resized = new ResizeObserver(draw);
  resized.observe(stage);
  show();
  fitStage();
  return {
    pointAt: (event) => {
      const from = fromMiddle(event);
      return { x: Math.floor(place.x + from.x / place.scale), y: Math.floor(place.y + from.y / place.scale) };
    },
    lay: (over) => { layer = over; show(); },
    stop: () => {
      window.removeEventListener("resize", fitStage);
      resized.disconnect();
    },
  };
}
