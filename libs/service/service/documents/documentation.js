"use strict";

// The service answers beside this page, whatever stands before its paths.
const SERVER = new URL(".", location.href).href.replace(/\/$/, "");

// What Swagger UI leaves without a name for those who hear the page.
const NAMES = {
  ".body-param__text": "Body",
  ".close-modal": "Close",
  ".examples-select-element": "Example",
  ".modal-btn[type=submit]": "Authorize",
};

// The document as it is shown.
const shown = (document) => ({
  ...document,
  servers: [{ url: SERVER }],
  paths: each(document.paths, ({ parameters = [], ...operations }) =>
    each(operations, (operation) =>
      withScopes({ ...operation, parameters: [...parameters, ...(operation.parameters ?? [])] }),
    ),
  ),
  components: { ...document.components, parameters: each(document.components.parameters ?? {}, withoutExample) },
});

const each = (parts, change) => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, change(part)]));

// An operation tells the scopes it needs, which Swagger UI leaves out.
const withScopes = (operation) => {
  const scopes = (operation.security ?? []).flatMap(Object.values).flat();
  if (!scopes.length) return operation;
  return { ...operation, description: `${operation.description ?? ""}\n\nScope: \`${scopes.join(" ")}\`.` };
};

// Swagger UI fills parameters in with their examples. In a header that would be a trap: a second try would be sent
// under the Idempotency-Key of the first.
const withoutExample = ({ example, ...parameter }) =>
  parameter.in === "header" || example === undefined ? parameter : { ...parameter, example };

// A part of the document, with what it refers to in the place of its references. One to itself stays as it is.
const resolved = (document, part, within = []) => {
  if (Array.isArray(part)) return part.map((item) => resolved(document, item, within));
  if (typeof part !== "object" || part === null) return part;
  const { $ref: reference, ...others } = part;
  if (typeof reference !== "string") return each(part, (value) => resolved(document, value, within));
  if (within.includes(reference)) return part;
  const referred = at(document, reference.split("/").slice(1));
  return { ...resolved(document, referred, [...within, reference]), ...resolved(document, others, within) };
};

const at = (document, path) => path.reduce((part, name) => part?.[name], document);

// Swagger UI goes through the whole document anew for each operation and schema that is opened, which takes seconds on
// a phone. It is given what it asks for, once: it asks at every drawing until it has it; and not while it draws.
const asked = new Set();
const resolving = (_, { specActions, specSelectors }) => (path) => {
  const name = JSON.stringify(path);
  if (asked.has(name)) return;
  asked.add(name);
  setTimeout(() => {
    const document = specSelectors.specJS();
    specActions.updateResolvedSubtree(path, resolved(document, at(document, path)));
    asked.delete(name);
  });
};

const completed = ({ React }) => ({
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (document) => update(shown(document)),
        requestResolvedSubtree: resolving,
      },
    },
  },
  wrapComponents: {
    // There is one server: the one that sent the page.
    ServersContainer: () => () => null,
    // An operation's path is shown inside the button that opens it, where no link may be; opening leads to its address.
    DeepLink: (Link) => (props) =>
      props.path.includes("/") ? React.createElement("span", null, props.text) : React.createElement(Link, props),
  },
});

const complete = () => {
  for (const [selector, name] of Object.entries(NAMES)) {
    for (const element of document.querySelectorAll(selector)) element.setAttribute("aria-label", name);
  }
  for (const row of document.querySelectorAll("tr[data-param-name]")) {
    const { paramName } = row.dataset;
    for (const field of row.querySelectorAll("input, select, textarea")) field.setAttribute("aria-label", paramName);
  }
  // What scrolls is reached by keyboard.
  for (const element of document.querySelectorAll("pre:not([tabindex])")) element.tabIndex = 0;
};

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colour);
colour();

new MutationObserver(complete).observe(document.getElementById("documentation"), { childList: true, subtree: true });

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#documentation",
  plugins: [completed],
  deepLinking: true,
  // Sections are opened one by one: of a list of 150 it draws what is in view alone, and no address leads to the rest.
  docExpansion: "none",
  // The bounds of parameters.
  showCommonExtensions: true,
  defaultModelsExpandDepth: 0,
  // Its numbers are readable, those of the default theme are not.
  syntaxHighlight: { theme: "obsidian" },
  persistAuthorization: false,
  validatorUrl: null,
});
