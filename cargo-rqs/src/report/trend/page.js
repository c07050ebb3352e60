// Wheel or +/- zooms into a picture around the pointer, dragging moves it, a double click or 0 shows all of it.
for (const svg of document.querySelectorAll("svg[data-zoom]")) {
  const whole = svg.viewBox.baseVal, [w, h] = [whole.width, whole.height];
  let view = [0, 0, w, h], drag = null;
  const show = () => svg.setAttribute("viewBox", view.join(" "));
  const zoom = (factor, x, y) => {
    const width = Math.min(w, Math.max(w / 40, view[2] * factor)), real = width / view[2];
    view = [x - (x - view[0]) * real, y - (y - view[1]) * real, width, view[3] * real];
    view[0] = Math.min(Math.max(0, view[0]), w - view[2]);
    view[1] = Math.min(Math.max(0, view[1]), h - view[3]);
    show();
  };
  const place = (event) => {
    const box = svg.getBoundingClientRect();
    return [view[0] + (event.clientX - box.left) / box.width * view[2], view[1] + (event.clientY - box.top) / box.height * view[3]];
  };
  svg.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.25 : 0.8, ...place(event)); }, { passive: false });
  svg.addEventListener("dblclick", () => { view = [0, 0, w, h]; show(); });
  svg.addEventListener("keydown", (event) => {
    const middle = [view[0] + view[2] / 2, view[1] + view[3] / 2];
    if (event.key === "+") zoom(0.8, ...middle);
    if (event.key === "-") zoom(1.25, ...middle);
    if (event.key === "0") { view = [0, 0, w, h]; show(); }
  });
  svg.addEventListener("pointerdown", (event) => { drag = place(event); svg.setPointerCapture(event.pointerId); });
  svg.addEventListener("pointerup", () => { drag = null; });
  svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const now = place(event);
    view[0] = Math.min(Math.max(0, view[0] + drag[0] - now[0]), w - view[2]);
    view[1] = Math.min(Math.max(0, view[1] + drag[1] - now[1]), h - view[3]);
    show();
  });
}
