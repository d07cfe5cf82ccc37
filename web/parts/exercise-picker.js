import { h, openDialog } from "./dom.js";

/** Lets the athlete find an exercise, or name one that the library lacks; resolves to {id?, name, …} or undefined. */
export function pickExercise(library) {
  return openDialog("Add exercise", (close) => {
    const results = h("ul.results");
    const status = h("p.muted", { role: "status" });
    const input = h("input.search", {
      type: "search", placeholder: "Search, e.g. bench press", "aria-label": "Search exercises", autofocus: true,
      autocomplete: "off", maxlength: 100, oninput: show,
      onkeydown: (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        results.querySelector("button")?.click();
      },
    });

    function show() {
      const text = input.value.trim();
      const found = library.search(text);
      const items = found.map((exercise) => h("li", h("button.result", { type: "button", onclick: () => close(exercise) },
        h("strong", exercise.name),
        h("span.muted", [exercise.primaryMuscles.join(", "), exercise.equipment].filter(Boolean).join(" · ")))));
      if (text) {
        const own = { id: null, name: text, primaryMuscles: [], secondaryMuscles: [] };
        items.push(h("li", h("button.result", { type: "button", onclick: () => close(own) },
          h("strong", `Use “${text}”`), h("span.muted", "Just for this workout"))));
      }
      results.replaceChildren(...items);
      const isEmpty = library.exercises.length === 0;
      status.textContent = isEmpty
        ? "The library is not on this device yet; a name will do."
        : text && found.length === 0 ? "Nothing in the library by that name." : "";
    }

    // Without a connection, what the device kept (or a name of one's own) has to do.
    library.load().then(show, show);
    show();
    return h("div.picker", input, status, results);
  });
}
