// Uses the page in headless Chromium as a person would, and holds what it shows to what the library says natively.
//
//     NODE_PATH=FOLDER/node_modules node demo/tests/page.cjs SHOTS PAGE RECTIFIERS TANH LOOK ODD [MODEL...]
//
// FOLDER is where `npm install playwright-core` was run; CHROMIUM names another browser than /usr/bin/chromium. PAGE was made of the
// model files RECTIFIERS and TANH. LOOK is the program `examples/look.rs`, ODD the folder that `examples/odd_models.rs` wrote. Further
// model files of pictures are dropped too. Screenshots go to the folder SHOTS.
"use strict";
const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");
const faintest = require("../../.ci/faintest.cjs");

const FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
];
const WIDE = { width: 1280, height: 900 };
const MIDDLE = { width: 800, height: 1000 };
const PHONE = { width: 390, height: 844 };
/** Milliseconds that an update may take. */
const GOAL = 5;
const WORDS = "h1, h2, p, dt, dd, li b, label, output, figcaption, small, button, .threshold output, .answer span";

/** Points of an arc about a centre, angles in turns from the right, downwards. */
function arc(x, y, width, height, from, to) {
    const angle = (step) => 2 * Math.PI * (from + ((to - from) * step) / 24);
    return Array.from({ length: 25 }, (_, step) => [x + width * Math.cos(angle(step)), y + height * Math.sin(angle(step))]);
}

/** Digits as strokes of points, shares of the pad's side. */
const DIGITS = {
    0: [arc(0.5, 0.5, 0.2, 0.3, -0.25, 0.75)],
    1: [[[0.52, 0.18], [0.48, 0.82]]],
    2: [[...arc(0.5, 0.34, 0.2, 0.17, -0.45, 0.1), [0.3, 0.8], [0.72, 0.8]]],
    3: [[...arc(0.47, 0.34, 0.18, 0.16, -0.45, 0.22), ...arc(0.47, 0.66, 0.21, 0.17, -0.22, 0.4)]],
    4: [[[0.36, 0.2], [0.32, 0.52], [0.7, 0.52]], [[0.64, 0.2], [0.6, 0.85]]],
    5: [[[0.68, 0.2], [0.38, 0.2], [0.36, 0.46], ...arc(0.46, 0.62, 0.2, 0.18, -0.25, 0.4)]],
    6: [[[0.6, 0.16], [0.45, 0.34], [0.36, 0.56], ...arc(0.5, 0.66, 0.14, 0.15, 0.5, -0.45)]],
    7: [[[0.27, 0.22], [0.72, 0.22], [0.47, 0.84]]],
    8: [[...arc(0.5, 0.34, 0.15, 0.15, 0.2, -0.75), ...arc(0.5, 0.66, 0.18, 0.17, -0.25, 0.75)]],
    9: [[...arc(0.5, 0.36, 0.15, 0.16, 0, -1), [0.63, 0.6], [0.58, 0.86]]],
};

class Visitor {
    constructor(page, look) {
        this.page = page;
        this.look = look;
        this.complaints = [];
        this.asked = new Set();
        page.on("console", (message) => {
            if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
        });
        page.on("pageerror", (error) => this.complaints.push(String(error)));
        page.on("request", (request) => {
            if (!request.url().startsWith("data:")) this.asked.add(request.url());
        });
    }

    async open(address) {
        await this.page.goto(address);
        await this.page.waitForFunction(() => window.demo);
        await this.settled();
    }

    /** After the next frame, in which the page brings itself up to date. */
    async settled() {
        await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }

    async at([x, y]) {
        const box = await this.page.locator("#pad").boundingBox();
        return [box.x + x * box.width, box.y + y * box.height];
    }

    async draw(strokes) {
        const { mouse } = this.page;
        for (const points of strokes) {
            await mouse.move(...await this.at(points[0]));
            await mouse.down();
            for (const point of points.slice(1)) await mouse.move(...await this.at(point), { steps: points.length > 8 ? 1 : 10 });
            await mouse.up();
        }
        await this.settled();
    }

    answer() {
        return this.page.locator("#answer").textContent();
    }

    /** What a panel shows, and the numbers behind it. */
    panel(at) {
        return this.page.evaluate((at) => {
            const panel = window.demo.panels[at];
            const root = document.getElementById(["first", "second"][at]);
            const words = (selector) => [...root.querySelectorAll(selector)].map((element) => element.textContent);
            const { picture, layers, probabilities, made, whole } = panel.seen;
            return {
                picture: [...picture], layers: layers.map((layer) => [...layer]), probabilities: [...probabilities], made, whole,
                answer: panel.answer.name, info: panel.network.info,
                captions: words("figcaption span"), figures: words(".work dd"), title: words("h2")[0],
                threshold: Number(root.querySelector(".threshold input").value),
            };
        }, at);
    }

    /** Holds a panel to the library on the picture that it saw; returns what it shows. */
    async same(at, model) {
        const shown = await this.panel(at);
        const file = path.join(os.tmpdir(), `seen-${process.pid}`);
        fs.writeFileSync(file, Uint8Array.from(shown.picture));
        const native = JSON.parse(execFileSync(this.look, [model, file, String(shown.threshold)], { maxBuffer: 1 << 26 }));
        fs.rmSync(file);
        const where = `${shown.title}, ${shown.answer}, threshold ${shown.threshold}`;
        assert.strictEqual(shown.answer, native.class, where);
        const units = shown.layers.map((layer) => layer.length);
        const count = new Intl.NumberFormat("en");
        assert.deepStrictEqual(shown.captions, native.zeros.map((zeros, k) => `${count.format(zeros)} of ${count.format(units[k])} exactly 0`), where);
        native.layers.slice(0, -1).forEach((layer, k) => {
            assert.deepStrictEqual(shown.layers[k], layer.values.map(Math.fround), `${where}: activations of layer ${k + 1}`);
        });
        const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
        const [made, whole] = ["made", "whole"].map((name) => native.layers.map((layer) => layer[name]));
        const blank = whole[0] - made[0];
        const wanted = [sum(made), sum(whole) - sum(made) - blank, blank];
        assert.deepStrictEqual(shown.figures.map((words) => Number(words.split(" ")[0].replaceAll(",", ""))), wanted, `${where}: multiplications`);
        return { ...shown, zeros: native.zeros };
    }

    async drop(files) {
        const transfer = await this.page.evaluateHandle((files) => {
            const transfer = new DataTransfer();
            for (const { name, bytes } of files) {
                const binary = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([binary], name));
            }
            return transfer;
        }, files.map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes).toString("base64") })));
        await this.page.evaluate(() => { document.getElementById("opened").hidden = true; });
        await this.page.dispatchEvent("main", "dragover", { dataTransfer: transfer });
        assert.ok(await this.page.evaluate(() => document.documentElement.classList.contains("dropping")));
        await this.page.dispatchEvent("main", "drop", { dataTransfer: transfer });
        await this.page.locator("#opened").waitFor();
        await this.settled();
        return this.page.locator("#opened").textContent();
    }
}

const file = (name) => ({ name: path.basename(name), bytes: fs.readFileSync(name) });

async function drawsDigits(visitor, models) {
    const { page } = visitor;
    assert.ok(await page.locator("#undo").isDisabled());
    const told = [];
    for (const [digit, strokes] of Object.entries(DIGITS)) {
        await visitor.draw(strokes);
        const rectifiers = await visitor.same(0, models[0]);
        const tanh = await visitor.same(1, models[1]);
        assert.strictEqual(rectifiers.info.level, "simd128");
        assert.deepStrictEqual(rectifiers.picture, tanh.picture);
        assert.strictEqual(await visitor.answer(), digit);
        assert.ok(tanh.zeros.every((zeros) => zeros === 0), `zeros ${tanh.zeros}`);
        assert.ok(rectifiers.zeros.every((zeros, k) => zeros > 0.3 * rectifiers.layers[k].length), `zeros ${rectifiers.zeros}`);
        told.push(`${digit}: zeros ${rectifiers.zeros.join(" ")}, tanh ${tanh.answer}`);
        await page.locator("#clear").click();
        await visitor.settled();
        assert.strictEqual(await visitor.answer(), "–");
    }
    return told;
}

async function cutsByThreshold(visitor, model) {
    const { page } = visitor;
    await visitor.draw(DIGITS[7]);
    const slider = page.locator("#first .threshold input");
    assert.ok(await page.locator("#second .threshold input").isDisabled());
    let before = await visitor.same(0, model);
    for (let step = 0; step < 4; step++) {
        await slider.focus();
        for (let press = 0; press < 8; press++) await page.keyboard.press("ArrowRight");
        await visitor.settled();
        const after = await visitor.same(0, model);
        assert.ok(Math.abs(after.threshold - before.threshold - 0.4) < 1e-9, `${after.threshold}`);
        assert.ok(after.zeros.every((zeros, k) => k > 0 || zeros >= before.zeros[0]));
        before = after;
    }
    assert.ok(before.layers.flat().every((value) => value === 0 || value > 1.6 - 0.05), "activations below the threshold");
    await page.keyboard.press("Home");
    await page.locator("#clear").click();
}

async function drawsByKeyboard(visitor, address) {
    const { page } = visitor;
    const { keyboard } = page;
    await visitor.open(address);
    await keyboard.press("Tab");
    assert.strictEqual(await page.evaluate(() => document.activeElement.id), "pad");
    await keyboard.press("Space");
    for (let step = 0; step < 15; step++) await keyboard.press("ArrowDown");
    await keyboard.press("Space");
    await visitor.settled();
    assert.strictEqual(await visitor.answer(), "1");
    assert.strictEqual(await page.locator("#spoken").textContent(), "pen up");
    // A pen that is up draws nothing.
    const strokes = () => page.evaluate(() => window.demo.pad.strokes.map((stroke) => stroke.length));
    const before = await strokes();
    await keyboard.press("ArrowLeft");
    assert.deepStrictEqual(await strokes(), before);
    // Across with two keys at once.
    await keyboard.down("ArrowUp");
    await keyboard.down("ArrowLeft");
    await keyboard.up("ArrowLeft");
    await keyboard.up("ArrowUp");
    await keyboard.press("Space");
    await keyboard.press("Shift+ArrowLeft");
    assert.strictEqual((await strokes()).length, 2);
    await keyboard.press("Backspace");
    assert.deepStrictEqual(await strokes(), before);
    await keyboard.press("Escape");
    await visitor.settled();
    assert.strictEqual(await visitor.answer(), "–");
}

async function opensAndRefuses(visitor, odd, more, own) {
    const { page } = visitor;
    await visitor.draw(DIGITS[7]);
    const before = await visitor.panel(0);
    const refused = [
        [{ name: "letter.txt", bytes: "Dear reader" }, /letter\.txt was not opened.*no model file of ours/],
        [{ name: "empty", bytes: "" }, /empty was not opened.*no model file of ours/],
        [file(path.join(odd, "cut.safetensors")), /no model file of ours, or a damaged one/],
        [file(path.join(odd, "wild.safetensors")), /was not opened.*no finite numbers/],
        [file(path.join(odd, "texts.safetensors")), /takes no picture: reviews is made of texts/],
    ];
    for (const [given, words] of refused) {
        const told = await visitor.drop([given]);
        assert.match(told, words);
        assert.ok(await page.locator("#opened").evaluate((element) => element.classList.contains("wrong")));
        assert.deepStrictEqual(await visitor.panel(0), before, "a file that was refused changed something");
    }
    const opened = [];
    for (const model of [path.join(odd, "shapes.safetensors"), ...more]) {
        opened.push(await visitor.drop([file(model)]));
        assert.ok(await page.locator("#opened").evaluate((element) => !element.classList.contains("wrong")), opened.at(-1));
        const shown = await visitor.same(0, model);
        assert.notDeepStrictEqual(shown.info, before.info);
        assert.strictEqual(shown.picture.length, shown.info.height * shown.info.width);
        assert.ok(shown.info.classes.includes(await visitor.answer()));
    }
    await page.locator("#file").setInputFiles(path.join(odd, "shapes.safetensors"));
    await page.locator("#first h2").waitFor();
    await page.waitForFunction(() => window.demo.panels[0].network.info.name === "shapes");
    await page.locator("#back").click();
    await visitor.settled();
    assert.deepStrictEqual(await visitor.panel(0), before);
    await visitor.same(0, own);
    assert.ok(!await page.locator("#back").isVisible());
    await page.locator("#clear").click();
    return opened;
}

async function drawsByFinger(browser, address, look, model, shots) {
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    const visitor = new Visitor(await context.newPage(), look);
    const { page } = visitor;
    await visitor.open(address);
    const session = await context.newCDPSession(page);
    await page.locator("#pad").scrollIntoViewIfNeeded();
    const before = await page.evaluate(() => scrollY);
    for (const points of DIGITS[7]) {
        const touch = async (type, at) => {
            const touchPoints = at ? [{ x: at[0], y: at[1], id: 0 }] : [];
            await session.send("Input.dispatchTouchEvent", { type, touchPoints });
        };
        await touch("touchStart", await visitor.at(points[0]));
        for (const [k, to] of points.slice(1).entries()) {
            for (let step = 1; step <= 8; step++) {
                const between = to.map((end, axis) => points[k][axis] + ((end - points[k][axis]) * step) / 8);
                await touch("touchMove", await visitor.at(between));
            }
        }
        await touch("touchEnd");
    }
    await visitor.settled();
    assert.strictEqual(await visitor.answer(), "7");
    await visitor.same(0, model);
    assert.strictEqual(await page.evaluate(() => scrollY), before, "drawing scrolled the page");
    assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    assert.ok(!await page.locator("#keys").isVisible(), "a phone has no keys");
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: path.join(shots, "phone.png") });
    await page.screenshot({ path: path.join(shots, "phone-whole.png"), fullPage: true });
    assert.deepStrictEqual(visitor.complaints, []);
    await context.close();
}

async function isReadable(visitor, shots) {
    const { page } = visitor;
    const found = [];
    for (const colorScheme of ["light", "dark"]) {
        for (const [name, viewport] of Object.entries({ wide: WIDE, middle: MIDDLE, narrow: PHONE })) {
            await page.emulateMedia({ colorScheme });
            await page.setViewportSize(viewport);
            for (const state of ["drawn", "empty"]) {
                await page.locator("#clear").click({ force: true });
                if (state === "drawn") await visitor.draw(DIGITS[2]);
                await visitor.settled();
                await page.evaluate(() => scrollTo(0, 0));
                await page.screenshot({ path: path.join(shots, `${colorScheme}-${name}-${state}.png`), fullPage: true });
                const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
                assert.ok(overflow <= 0, `${colorScheme}, ${name}: scrolls sideways by ${overflow} px`);
                const faint = await page.evaluate(faintest, WORDS);
                assert.ok(faint.contrast >= 4.5, `${colorScheme}, ${name}: hard to read ${JSON.stringify(faint)}`);
                found.push(faint);
            }
        }
    }
    return found.sort((a, b) => a.contrast - b.contrast)[0];
}

/** An update of a drawing, all of the page's own work: one of many in ten is as quick, whatever else the machine does. */
async function isQuick(visitor) {
    await visitor.draw(DIGITS[3]);
    const took = await visitor.page.evaluate(() => {
        const times = Array.from({ length: 300 }, () => {
            const begun = performance.now();
            window.demo.update();
            return performance.now() - begun;
        });
        return times.sort((a, b) => a - b)[30];
    });
    assert.match(await visitor.page.locator("#pace").textContent(), /^This stroke took \d+\.\d ms/);
    assert.ok(took <= GOAL, `an update takes ${took} ms`);
    return took;
}

async function main() {
    const [shots, made, rectifiers, tanh, look, odd, ...more] = process.argv.slice(2);
    assert.ok(odd, "usage: node page.cjs SHOTS PAGE RECTIFIERS TANH LOOK ODD [MODEL...]");
    fs.mkdirSync(shots, { recursive: true });
    const address = pathToFileURL(path.resolve(made)).href;
    const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
    const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
    let passed = 0;
    const did = (what, told) => {
        passed += 1;
        console.log(`${what}: ${told || "ok"}`);
    };
    try {
        const visitor = new Visitor(await browser.newPage({ viewport: WIDE }), look);
        await visitor.open(address);
        did("digits drawn", `\n  ${(await drawsDigits(visitor, [rectifiers, tanh])).join("\n  ")}`);
        did("threshold", await cutsByThreshold(visitor, rectifiers));
        did("keyboard", await drawsByKeyboard(visitor, address));
        did("files", `\n  ${(await opensAndRefuses(visitor, odd, more, rectifiers)).join("\n  ")}`);
        did("pace", `an update takes ${(await isQuick(visitor)).toFixed(1)} ms`);
        did("readable", `lowest contrast ${JSON.stringify(await isReadable(visitor, shots))}`);
        assert.deepStrictEqual(visitor.complaints, [], "the browser complains");
        assert.deepStrictEqual([...visitor.asked], [address], "more than the page itself was asked for");
        did("finger", await drawsByFinger(browser, address, look, rectifiers, shots));
        console.log(`${passed} passed, 0 failed`);
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
