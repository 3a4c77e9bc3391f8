/** A larger file is no model of ours that a page could hold. */
const LARGEST_FILE = 256 * 1024 * 1024;
/** What an update is to take at most, in milliseconds. */
const GOAL = 5;

const title = (info) => (info.unit === "rectifier" ? "Rectifiers" : info.unit[0].toUpperCase() + info.unit.slice(1));
const byId = (id) => document.getElementById(id);

async function start() {
    let engine;
    try {
        engine = await WebAssembly.compile(embedded("engine"));
    } catch (error) {
        throw new Error(`This browser does not run the networks (${error.message}). They need WebAssembly with vectors, which browsers have had since 2023.`);
    }
    const own = await Network.open(engine, embedded("rectifiers"));
    const pad = new Pad(byId("pad"), later, (words) => (byId("spoken").textContent = words));
    const panels = [new Panel(byId("first"), title, later), new Panel(byId("second"), title, later)];
    panels[0].set(own);
    panels[1].set(await Network.open(engine, embedded("tanh")));

    // However often the pen moves, one update a frame.
    let waiting = false;
    function later() {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => {
            waiting = false;
            update();
        });
    }

    const pace = { updates: 0, sum: 0, worst: 0 };
    function update() {
        const begun = performance.now();
        const points = pad.points;
        const trouble = panels.map((panel) => look(panel, points)).filter((words) => words);
        byId("trouble").hidden = !trouble.length;
        put(byId("trouble"), trouble.join(" "));
        const seen = performance.now();
        pad.draw();
        panels.forEach((panel) => panel.draw());
        drawSeen(panels[0].seen, panels[0].network.info);
        const [answer, other] = panels.map((panel) => panel.answer);
        put(byId("answer"), answer ? answer.name : "–");
        byId("answer").className = answer && answer.name.length > 2 ? "long" : "";
        put(byId("sure"), answer
            ? `${percent(answer.probability)} sure, with ${percent(panels[0].silent)} of the units silent; ${title(panels[1].network.info).toLowerCase()} says ${other ? other.name : "nothing"}`
            : "an answer comes as you draw");
        byId("undo").disabled = byId("clear").disabled = pad.empty;
        if (pad.empty) return;
        const took = performance.now() - begun;
        pace.updates += 1;
        pace.sum += took;
        pace.worst = Math.max(pace.worst, took);
        const ms = (time) => `${time.toFixed(1)} ms`;
        byId("pace").textContent = `This stroke took ${ms(took)}: ${ms(seen - begun)} for the picture and both networks, ${ms(took - (seen - begun))} to show it. ` +
            `Mean of ${pace.updates}: ${(pace.sum / pace.updates).toFixed(2)} ms.`;
        byId("pace").dataset.over = took > GOAL;
    }

    async function take(file) {
        const told = (words, wrong) => {
            byId("opened").hidden = false;
            byId("opened").className = wrong ? "told wrong" : "told";
            byId("opened").textContent = words;
        };
        try {
            if (file.size > LARGEST_FILE) throw new Error(`It has ${whole.format(file.size)} bytes: more than this page holds.`);
            const network = await Network.open(engine, new Uint8Array(await file.arrayBuffer()));
            // An answer to nothing, so that what cannot answer is not shown.
            network.look(new Float32Array(0));
            panels[0].set(network);
            measureAnew();
            byId("back").hidden = false;
            told(`${file.name} is open: ${title(network.info).toLowerCase()} of ${network.info.name || "pictures"}, ` +
                `${network.info.height} by ${network.info.width} pixels, ${network.info.classes.length} classes.`, false);
            later();
        } catch (error) {
            told(`${file.name} was not opened. ${error.message}`, true);
        }
    }

    byId("clear").addEventListener("click", () => pad.clear());
    byId("undo").addEventListener("click", () => pad.undo());
    byId("file").addEventListener("change", async (event) => {
        if (event.target.files.length) await take(event.target.files[0]);
        event.target.value = "";
    });
    byId("back").addEventListener("click", () => {
        own.threshold = own.info.threshold;
        panels[0].set(own);
        measureAnew();
        byId("back").hidden = byId("opened").hidden = true;
        later();
    });
    const root = document.documentElement;
    const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    root.addEventListener("dragover", (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        root.classList.add("dropping");
    });
    root.addEventListener("dragleave", (event) => {
        if (!event.relatedTarget) root.classList.remove("dropping");
    });
    root.addEventListener("drop", (event) => {
        root.classList.remove("dropping");
        if (!carriesFiles(event)) return;
        event.preventDefault();
        if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });
    const measure = () => {
        measureAnew();
        later();
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", measure);
    new ResizeObserver(measure).observe(document.body);

    // For whoever wants the numbers: `demo.panels[0].seen` has the picture, the activations and the multiplications.
    window.demo = { pad, panels, pace, update };
    update();
}

/** Lets a panel look at points; returns words where its network has no answer. */
function look(panel, points) {
    try {
        panel.look(points);
        return "";
    } catch (error) {
        panel.seen = null;
        return `${title(panel.network.info)} gave no answer: ${error.message}.`;
    }
}

/** The picture that a network saw, white on black. */
function drawSeen(seen, { height, width }) {
    const canvas = byId("seen");
    [canvas.width, canvas.height] = [width, height];
    if (!seen) return;
    const image = new ImageData(width, height);
    seen.picture.forEach((grey, at) => image.data.set([grey, grey, grey, 255], 4 * at));
    canvas.getContext("2d").putImageData(image, 0, 0);
}

start().catch((error) => {
    byId("trouble").hidden = false;
    byId("trouble").textContent = error.message;
});
