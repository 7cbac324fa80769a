for (const viewer of document.querySelectorAll(".viewer")) startViewer(viewer, true, startPlayer(viewer));
for (const swatch of document.querySelectorAll("[data-color]")) {
  swatch.addEventListener("click", () => copy(swatch.dataset.color));
}
