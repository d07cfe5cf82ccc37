// Elements without markup in strings.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element: `h("button.big", { onclick, "aria-label": … }, "Log", child)`.
 * Members that are functions or known properties are set as such, the others as attributes; null and false are left out.
 */
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length > 0) element.className = classes.join(" ");
  if (isMembers(rest[0])) assign(element, rest.shift());
  element.append(...rest.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const isMembers = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Node);

function assign(element, members) {
  for (const [name, value] of Object.entries(members)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function" || ["value", "checked", "selected", "htmlFor"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
}

/** A drawing of paths on a 24 × 24 grid, hidden from readers. */
export function icon(...paths) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Sets the text only when it differs, so that nothing is announced or selected away for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Brings a parent's children in line with the items: children are kept by key, made by `make(item)` and, when they
 * have `update(item)`, told of changes.
 */
export function reconcile(parent, items, key, make) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    let child = known.get(id);
    if (child) known.delete(id);
    else {
      child = make(item);
      child.dataset.key = id;
    }
    child.update?.(item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
}

/**
 * A dialog that is shown at once and leaves the page when it closes; resolves to what `close(value)` was given.
 * `fill(close, hold)` makes what is in it. While it is held, by `hold(true)`, neither the cross, Escape, a click beside it nor
 * another page closes it. With `leave` it is held all the time, and the first three call that.
 */
export function openDialog(title, fill, { leave = null } = {}) {
  return new Promise((resolve) => {
    let result;
    const close = (value) => {
      result = value;
      dialog.close();
    };
    const isHeld = () => dialog.hasAttribute("data-held");
    const hold = (isOn) => {
      dialog.toggleAttribute("data-held", isOn);
      if (isOn) dialog.setAttribute("closedby", "none");
      else dialog.removeAttribute("closedby");
    };
    const quit = () => {
      if (leave) leave();
      else if (!isHeld()) close();
    };
    const dialog = h("dialog", { "aria-label": title },
      h("header.dialog-head", h("h2", title),
        h("button.quiet.round", { type: "button", "aria-label": "Close", onclick: () => quit() }, icons.close())),
      fill(close, hold));
    if (leave) hold(true);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) quit(); });
    const refuse = (event) => {
      if (!isHeld()) return;
      event.preventDefault();
      quit();
    };
    // As a key and as a request: a browser grants a second request to close without asking.
    dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") refuse(event); });
    dialog.addEventListener("cancel", refuse);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Closes what is open, as if each had been cancelled; `sparesHeld` leaves those that are held. */
export function closeDialogs({ sparesHeld = false } = {}) {
  for (const dialog of document.querySelectorAll(`dialog[open]${sparesHeld ? ":not([data-held])" : ""}`)) dialog.close();
}

export const icons = {
  close: () => icon("M6 6 18 18M18 6 6 18"),
  plus: () => icon("M12 5v14M5 12h14"),
  minus: () => icon("M5 12h14"),
  back: () => icon("M15 5l-7 7 7 7"),
  check: () => icon("M5 13l5 5L20 7"),
  doubleCheck: () => icon("M2 13l4.5 4.5L15 8", "M10 16l1.5 1.5L21 8"),
  waiting: () => icon("M12 7v5l3 2", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18"),
  repeat: () => icon("M4 12a8 8 0 0 1 13.7-5.6L20 9", "M20 4v5h-5", "M20 12a8 8 0 0 1-13.7 5.6L4 15", "M4 20v-5h5"),
  pause: () => icon("M9 5v14M15 5v14"),
  play: () => icon("M8 5l11 7-11 7z"),
  flag: () => icon("M6 21V4h12l-3 4 3 4H6"),
  eye: () => icon("M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6"),
  heart: () => icon("M12 20S3 14.5 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5C21 14.5 12 20 12 20z"),
  gear: () => icon("M4 7h9M17 7h3M4 17h3M11 17h9", "M15 5v4M9 15v4"),
  trophy: () => icon("M8 4h8v6a4 4 0 0 1-8 0zM8 6H4c0 3 2 5 4 5M16 6h4c0 3-2 5-4 5M12 14v4M8 20h8"),
  link: () => icon("M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1", "M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"),
};
