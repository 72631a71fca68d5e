// Reads a service's documentation page as people do, in Chromium at a phone's width, and prints what it saw as JSON.
//
//   node documentation.mjs read PAGE               every section, by day and by night
//   node documentation.mjs try PAGE TOKEN NAME...  each operation `tag/operationId` sent from the page
import axe from "axe-core";
import { chromium } from "playwright-core";

const [command, address, token, ...operations] = process.argv.slice(2);
const WIDTH = 360;
const faults = new Set();

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-background-networking"],
});

async function open(fragment = "") {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: 740 } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("console", (message) => {
    // What an operation answers is reported as such; and Swagger UI objects to every address with a `_`, in which an
    // older release wrote spaces. Those of our operations have one, and open.
    const told =
      (message.text().startsWith("Failed to load resource") && message.location().url.includes("/v1/")) ||
      message.text().startsWith("Deprecated: escaping deep link whitespace with `_`");
    if (message.type() === "error" && !told) faults.add(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.add(`error: ${error}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== new URL(address).origin && url.protocol !== "data:") faults.add(`elsewhere: ${url}`);
  });
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`${event.violatedDirective} forbids ${event.blockedURI}`),
    ),
  );
  await page.goto(address + fragment);
  await page.locator(".opblock-tag").first().waitFor();
  return page;
}

async function readAll() {
  const page = await open();
  await page.evaluate(axe.source);
  const seen = { operations: [], schemas: [], unlinked: [], wide: [], axe: [], filled: [], colours: {} };
  seen.title = await page.title();
  seen.language = await page.locator("html").getAttribute("lang");

  const read = new Set();
  const colour = async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const shown = (dark) => document.documentElement.classList.contains("dark-mode") === dark;
    await page.waitForFunction(shown, colorScheme === "dark");
  };

  const check = async (name, within = "html") => {
    const { width, styles } = await page.evaluate((part) => {
      const elements = [...document.querySelectorAll(`${part} *`)];
      return {
        width: document.documentElement.scrollWidth,
        styles: [...new Set(elements.map((element) => `${element.tagName} ${element.getAttribute("class")}`))],
      };
    }, within);
    if (width > WIDTH) seen.wide.push(`${name}: ${width}`);
    // What is styled as something before reads as that does: axe takes its time.
    if (styles.every((style) => read.has(style))) return;
    styles.forEach((style) => read.add(style));
    for (const [colorScheme, rules] of [["light", {}], ["dark", { runOnly: ["color-contrast"] }]]) {
      const options = { ...rules, resultTypes: ["violations"] };
      await colour(colorScheme);
      seen.colours[colorScheme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const { violations } = await page.evaluate(([part, chosen]) => axe.run(part, chosen), [within, options]);
      for (const { id, impact, nodes } of violations) {
        for (const { html, failureSummary } of nodes) {
          seen.axe.push({ colorScheme, name, rule: id, impact, html: html.slice(0, 200), why: failureSummary });
        }
      }
    }
    await colour("light");
  };

  await check("the page closed");
  for (const heading of await page.locator(".opblock-tag").all()) {
    const tag = await heading.getAttribute("data-tag");
    const section = heading.locator(".expand-operation");
    await section.press("Enter");
    await page.locator(".opblock").first().waitFor();
    for (const operation of await page.locator(".opblock").all()) {
      const id = await operation.getAttribute("id");
      const name = `${tag}/${id.slice(`operations-${tag}-`.length)}`;
      seen.operations.push(name);
      await operation.locator(".opblock-summary-control").press("Enter");
      await operation.locator(".responses-table").waitFor();
      if ((await page.evaluate(() => location.hash)) !== `#/${name}`) seen.unlinked.push(name);
      await check(name, `#${id}`);
      await operation.getByRole("button", { name: "Try it out" }).press("Enter");
      await operation.getByRole("button", { name: "Execute" }).waitFor();
      await check(`${name}, to be tried`, `#${id}`);
      for (const row of await operation.locator('tr:has(.parameter__in:text-is("(header)"))').all()) {
        if (await row.locator("input").inputValue()) seen.filled.push(await row.getAttribute("data-param-name"));
      }
      await operation.locator(".opblock-summary-control").press("Enter");
    }
    await section.press("Enter");
    await page.locator(".opblock").first().waitFor({ state: "detached" });
  }

  await page.locator(".models button").first().press("Enter");
  await page.locator(".models [data-json-schema-level='0']").first().waitFor();
  const { components } = await (await fetch(new URL("openapi.json", address))).json();
  for (const name of Object.keys(components.schemas)) {
    await page.waitForFunction(marked, name);
    seen.schemas.push(name);
    await page.evaluate(pressed, true);
    await page.waitForFunction(() => !document.querySelector("[data-read] > .json-schema-2020-12-body--collapsed"));
    await check(name, "[data-read]");
    await page.evaluate(pressed, false);
  }

  await page.locator(".auth-wrapper > .authorize").press("Enter");
  await page.locator(".modal-ux").waitFor();
  await check("the token asked for", ".modal-ux");
  return seen;
}

// In the page: whether it shows this schema in its list, which is then the part that is read. Of many schemas, those
// are there that are near what is on the screen. Playwright's locators would look through what is expanded many times.
function marked(name) {
  const schemas = [...document.querySelectorAll(".models [data-json-schema-level='0']")];
  const titled = (schema) => schema.querySelector(".json-schema-2020-12__title").textContent === name;
  const schema = schemas.find(titled);
  (schema ?? schemas.at(-1)).scrollIntoView();
  for (const other of document.querySelectorAll("[data-read]")) other.removeAttribute("data-read");
  schema?.setAttribute("data-read", "");
  return schema !== undefined;
}

// In the page: expands all of the schema that is read, or closes it; an enumeration has nothing to expand.
function pressed(open) {
  const [accordion, deep] = ["accordion", "expand-deep-button"].map((kind) =>
    document.querySelector(`[data-read] > .json-schema-2020-12-head > .json-schema-2020-12-${kind}`),
  );
  (open ? deep : accordion)?.click();
}

async function tried() {
  const seen = { answers: [] };
  for (const name of operations) {
    const page = await open(`#/${name}`);
    await page.locator(".auth-wrapper > .authorize").press("Enter");
    await page.locator(".modal-ux input").fill(token);
    await page.locator(".modal-btn.authorize").press("Enter");
    await page.locator(".modal-ux .btn-done").press("Enter");
    const operation = page.locator(`[id="operations-${name.replace("/", "-")}"]`);
    await operation.getByRole("button", { name: "Try it out" }).press("Enter");
    const answered = page.waitForResponse((response) => response.url().includes("/v1/"));
    await operation.getByRole("button", { name: "Execute" }).press("Enter");
    const response = await answered;
    const shown = operation.locator(".live-responses-table .response-col_status").last();
    await shown.waitFor();
    seen.answers.push({ url: response.url(), status: response.status(), shown: parseInt(await shown.innerText()) });
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
    if (kept.includes(token)) faults.add("the token is stored");
    await page.reload();
    await page.locator(".auth-wrapper > .authorize.unlocked").waitFor();
    await page.context().close();
  }
  return seen;
}

const seen = await (command === "read" ? readAll() : tried());
await browser.close();
console.log(JSON.stringify({ ...seen, faults: [...faults] }));
