// What the page of a segmentation and the page of `huepress serve` have in common: which segment or region is marked.

/* Return the pixels of an image, exactly as its file has them where it is opaque. */
export function pixelsOf(image, width, height) {
  const scratch = Object.assign(document.createElement("canvas"), { width, height });
  const context = scratch.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/* Marks what is pointed at; a click holds the mark.
   `labels`: pixels whose red is the segment, and whose green and 256 times blue are the region.
   `segments`, `regions`: the words of each, in their order. `onChange`: called when the mark has changed. */
export function startMarking({ labels, segments, regions, onChange }) {
  let kind = "segments"; // what the pointer marks
  let marked = -1;
  let held = false;

  const segmentAt = (pixel) => labels[4 * pixel];
  const labelAt = (pixel) => (kind === "segments" ? segmentAt(pixel) : labels[4 * pixel + 1] + 256 * labels[4 * pixel + 2]);

  function mark(label) {
    if (label === marked) return;
    marked = label;
    onChange();
  }

  function choose(what) {
    if (kind === what) return;
    kind = what;
    marked = -1;
    held = false;
    onChange();
  }

  return {
    segmentAt,
    labelAt,
    choose,
    kind: () => kind,
    marked: () => marked,
    clear: () => mark(-1),
    /* Mark what is at a pixel, or with -1 nothing, unless a mark is held. */
    over: (pixel) => { if (!held) mark(pixel < 0 ? -1 : labelAt(pixel)); },
    hold: (pixel) => {
      const label = labelAt(pixel);
      held = !(held && label === marked);
      mark(label);
    },
    segment: (number) => {
      choose("segments");
      held = false;
      mark(number);
    },
    told: () => {
      if (marked < 0) return "Nothing is marked.";
      return kind === "segments" ? `Segment ${marked}: ${segments[marked]}` : `Region ${marked}: ${regions[marked]}`;
    },
  };
}
