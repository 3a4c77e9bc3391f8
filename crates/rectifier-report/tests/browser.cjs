// Opens reports in headless Chromium and checks what a reader would see.
//
//     NODE_PATH=FOLDER/node_modules node browser.cjs SHOTS REPORT.html...
//
// FOLDER is where `npm install playwright-core` was run; CHROMIUM names another browser than /usr/bin/chromium.
// Screenshots of each report, light and dark, wide and narrow, go to the folder SHOTS.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");
const faintestOf = require("../../../.ci/faintest.cjs");

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 400, height: 800 };
const FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
];

/** What must be readable; the cells of a matrix are not words. */
const WORDS = ["h1", "h2", "h3", "p", "td", "th", "dt", "dd", "small", "figcaption", "li", "pre", "summary", "label", "svg.chart text"]
    .map((element) => `${element}:not(.cells *)`).join(", ");

// Runs in the page: everything measured in one go.
function look() {
    const box = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return { width, height };
    };
    const visible = (element) => element.checkVisibility();
    const all = (selector) => [...document.querySelectorAll(selector)].filter(visible);
    const root = document.documentElement;
    return {
        background: getComputedStyle(root).backgroundColor,
        overflow: root.scrollWidth - root.clientWidth,
        scripts: document.scripts.length,
        headings: all("h2").map((heading) => heading.textContent),
        charts: all("svg.chart, svg.cells").map((chart) => ({ name: chart.getAttribute("aria-label"), ...box(chart) })),
        pictures: all("img").map((image) => ({ natural: image.naturalWidth, loaded: image.complete, ...box(image) })),
        told: document.querySelectorAll("svg title").length,
    };
}

async function check(browser, file, shots) {
    const page = await browser.newPage();
    const complaints = [];
    const asked = [];
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
        if (!request.url().startsWith("data:")) asked.push(request.url());
    });
    const address = pathToFileURL(path.resolve(file)).href;
    const name = path.basename(path.dirname(path.resolve(file))) + "-" + path.basename(file, ".html");
    const grounds = {};
    const seen = [];
    for (const colorScheme of ["light", "dark"]) {
        for (const [width, viewport] of [["wide", WIDE], ["narrow", NARROW]]) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme });
            await page.goto(address);
            const found = { ...await page.evaluate(look), faintest: await page.evaluate(faintestOf, WORDS) };
            const where = `${file}, ${colorScheme}, ${width}`;
            await page.screenshot({ path: path.join(shots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
            assert.ok(found.overflow <= 0, `${where}: scrolls sideways by ${found.overflow} px`);
            assert.ok(found.charts.length > 0, `${where}: no chart`);
            for (const chart of found.charts) {
                assert.ok(chart.width > 100 && chart.height > 30, `${where}: chart ${JSON.stringify(chart)}`);
            }
            for (const picture of found.pictures) {
                assert.ok(picture.loaded && picture.natural > 0, `${where}: a picture did not load`);
                assert.ok(picture.width > 10 && picture.height > 10, `${where}: picture ${JSON.stringify(picture)}`);
            }
            assert.ok(found.told > 0, `${where}: no point tells its value`);
            assert.ok(found.headings.includes("Curves"), `${where}: headings ${found.headings}`);
            assert.strictEqual(found.scripts, 0, `${where}: scripts`);
            assert.ok(found.faintest.contrast >= 4.5, `${where}: hard to read ${JSON.stringify(found.faintest)}`);
            grounds[colorScheme] = found.background;
            seen.push(found);
        }
    }
    assert.notStrictEqual(grounds.light, grounds.dark, `${file}: dark looks like light`);
    const toLog = page.locator("label.last").first();
    if (await toLog.count()) {
        const log = page.locator(".switch > .log").first();
        assert.ok(!(await log.isVisible()), `${file}: both axes at once`);
        await toLog.click();
        assert.ok(await log.isVisible(), `${file}: no logarithmic axis`);
    }
    assert.deepStrictEqual(complaints, [], `${file}: the browser complains`);
    assert.deepStrictEqual([...new Set(asked)], [address], `${file}: more than the file itself was asked for`);
    await page.close();
    const { charts, pictures, told, headings, faintest } = seen[0];
    return `${charts.length} charts, ${pictures.length} pictures, ${told} values told, ${headings.length} sections, ` +
        `lowest contrast ${faintest.contrast.toFixed(1)} (${JSON.stringify(faintest.text)}), grounds ${grounds.light} and ${grounds.dark}`;
}

async function main() {
    const [shots, ...files] = process.argv.slice(2);
    assert.ok(files.length, "usage: node browser.cjs SHOTS REPORT.html...");
    fs.mkdirSync(shots, { recursive: true });
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), "report-browser-"));
    const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
    const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS });
    try {
        for (const file of files) console.log(`${file}: ${await check(browser, file, shots)}`);
    } finally {
        await browser.close();
        fs.rmSync(profile, { recursive: true, force: true });
    }
}

main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
