// Shows the specification: with Swagger UI where the set-up has installed it, else as a plain list of operations.

const SPECIFICATION = "/v1/openapi.json";
const BUNDLE = "/docs/swagger-ui";
const METHODS = ["get", "post", "put", "patch", "delete"];

const root = document.getElementById("explorer");

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function loaded(made) {
  return new Promise((resolve, reject) => {
    made.addEventListener("load", resolve);
    made.addEventListener("error", () => reject(new Error(`${made.src ?? made.href} did not load`)));
    document.head.append(made);
  });
}

/** Whether the set-up has installed the bundle; the server answers 200 or 204, neither is an error in the console. */
async function isInstalled() {
  const answer = await fetch(`${BUNDLE}/`, { cache: "no-cache" });
  return answer.status === 200;
}

async function explorer() {
  await Promise.all([
    loaded(element("link", { rel: "stylesheet", href: `${BUNDLE}/swagger-ui.css` })),
    loaded(element("script", { src: `${BUNDLE}/swagger-ui-bundle.js` })),
  ]);
  window.SwaggerUIBundle({
    url: SPECIFICATION, domNode: root, deepLinking: true, docExpansion: "none", defaultModelsExpandDepth: 0,
    tryItOutEnabled: true, validatorUrl: null,
    // What is tried out here must neither use nor change who is signed in on the pages of this browser.
    requestInterceptor: (request) => Object.assign(request, { credentials: "omit" }),
  });
}

function operations(specification) {
  const byTag = new Map();
  for (const [path, item] of Object.entries(specification.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const { tags: [tag], summary } = item[method];
      byTag.set(tag, [...(byTag.get(tag) ?? []), { method, path, summary }]);
    }
  }
  return byTag;
}

async function list() {
  const specification = await (await fetch(SPECIFICATION)).json();
  const sections = [...operations(specification)].sort().flatMap(([tag, rows]) => [
    element("h2", {}, tag),
    element("ul", {}, ...rows.map(({ method, path, summary }) => element("li", {},
      element("code", {}, element("b", {}, method.toUpperCase()), path), element("p", {}, summary)))),
  ]);
  root.replaceChildren(element("main", { className: "plain" },
    element("h1", {}, `${specification.info.title} ${specification.info.version}`),
    element("p", {}, "The interactive explorer is not installed on this server (scripts/setup.sh run installs it). ",
      element("a", { href: SPECIFICATION }, "The whole specification"), " is there without it."),
    ...sections));
}

await ((await isInstalled()) ? explorer() : list());
