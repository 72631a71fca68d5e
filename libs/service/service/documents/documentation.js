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
  paths: each(document.paths, (path) => each(path, withScopes)),
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

const completed = ({ React }) => ({
  statePlugins: {
    spec: { wrapActions: { updateJsonSpec: (update) => (document) => update(shown(document)) } },
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
  // The bounds of parameters.
  showCommonExtensions: true,
  defaultModelsExpandDepth: 0,
  // Its numbers are readable, those of the default theme are not.
  syntaxHighlight: { theme: "obsidian" },
  persistAuthorization: false,
  validatorUrl: null,
});
