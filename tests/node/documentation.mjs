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
  await page.locator(".opblock").first().waitFor();
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
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > WIDTH) seen.wide.push(`${name}: ${width}`);
    // What is styled as something before reads as that does.
    const styles = await page.locator(within).evaluate((part) =>
      [...part.querySelectorAll("*")].map((element) => `${element.tagName} ${element.getAttribute("class")}`),
    );
    if (styles.every((style) => read.has(style))) return;
    styles.forEach((style) => read.add(style));
    for (const [colorScheme, options] of [["light", {}], ["dark", { runOnly: ["color-contrast"] }]]) {
      await colour(colorScheme);
      seen.colours[colorScheme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const { violations } = await page.evaluate(([part, chosen]) => axe.run(part, chosen), [within, options]);
      for (const { id, impact, nodes } of violations) {
        for (const { html } of nodes) seen.axe.push({ colorScheme, name, rule: id, impact, html: html.slice(0, 200) });
      }
    }
    await colour("light");
  };

  await check("the page closed");
  for (const operation of await page.locator(".opblock").all()) {
    const id = await operation.getAttribute("id");
    const name = id.replace("operations-", "").replace("-", "/");
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

  await page.locator(".models button").first().press("Enter");
  const schemas = page.locator(".models .json-schema-2020-12[data-json-schema-level='0']");
  const { components } = await (await fetch(new URL("openapi.json", address))).json();
  for (const name of Object.keys(components.schemas)) {
    const schema = schemas.filter({ has: page.locator(`.json-schema-2020-12__title:text-is("${name}")`) });
    // Of many, those are there that are near what is on the screen.
    if (!(await schema.count())) await schemas.last().scrollIntoViewIfNeeded();
    await schema.waitFor();
    seen.schemas.push(name);
    // An enumeration has nothing to expand.
    const toggle = schema.locator("> .json-schema-2020-12-head > .json-schema-2020-12-expand-deep-button");
    // Without the browser's care for whether it stands still, which takes most of a second each.
    if (await toggle.count()) await toggle.dispatchEvent("click");
    await schema.evaluate((element) => element.setAttribute("data-read", ""));
    await check(name, "[data-read]");
    await schema.evaluate((element) => element.removeAttribute("data-read"));
    if (await toggle.count()) await toggle.dispatchEvent("click");
  }

  await page.locator(".auth-wrapper > .authorize").press("Enter");
  await page.locator(".modal-ux").waitFor();
  await check("the token asked for", ".modal-ux");
  return seen;
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
