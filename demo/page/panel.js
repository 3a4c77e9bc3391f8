const whole = new Intl.NumberFormat("en");
const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;
/** Words are put only where they changed: the browser lays out anew what is written to. */
const put = (element, words) => {
    if (element.textContent !== words) element.textContent = words;
};
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** So many classes are shown; of more, the likeliest. */
const MOST_CLASSES = 10;
const MOST_LONG_CLASSES = 6;

/** What one network makes of the drawing. */
class Panel {
    network = null;
    /** What it made of the last drawing; null of an empty pad. */
    seen = null;
    #root;
    #title;
    #peaks = [];
    #layers = [];
    #bars = [];
    #changed;

    constructor(root, title, changed) {
        this.#root = root;
        this.#title = title;
        this.#changed = changed;
        root.append(document.getElementById("panel").content.cloneNode(true));
        const slider = this.#one(".threshold input");
        slider.addEventListener("input", () => {
            this.network.threshold = slider.valueAsNumber;
            this.#changed();
        });
        const id = `${root.id}-threshold`;
        slider.id = id;
        this.#one(".threshold label").htmlFor = id;
        this.#one(".threshold output").htmlFor = id;
    }

    #one(selector) {
        return this.#root.querySelector(selector);
    }

    /** Shows another network. */
    set(network) {
        this.network = network;
        this.seen = null;
        const { info } = network;
        this.#peaks = info.hidden.map(() => 0);
        const sizes = [info.inputs, ...info.hidden, info.classes.length].join("-");
        this.#one("h2").textContent = this.#title(info);
        this.#root.setAttribute("aria-label", this.#title(info));
        const kept = info.precision === "int8" ? "eight-bit integers, zeros skipped in fours" : "single precision, zeros skipped one by one";
        this.#one(".what").innerText = `${info.name || "no name"}, ${sizes}\n${kept}`;
        this.#one(".threshold label").textContent = "Threshold";
        this.#one(".threshold input").max = Math.max(3, info.threshold ?? 0);
        this.#one(".threshold input").value = info.threshold ?? 0;
        this.#one(".threshold input").disabled = info.threshold === null;
        this.#one(".threshold p").textContent = info.threshold === null
            ? "Only rectifiers have one: no side of 0 is flat here."
            : "Activations up to it are cut to 0: fewer units speak, more is spared, and at some point the answer turns.";
        const layers = info.hidden.map((units, k) => {
            const figure = document.createElement("figure");
            const caption = figure.appendChild(document.createElement("figcaption"));
            caption.append(`Layer ${k + 1}`, document.createElement("span"));
            const canvas = figure.appendChild(document.createElement("canvas"));
            canvas.setAttribute("role", "img");
            return { figure, canvas, words: caption.lastChild, units };
        });
        this.#layers = layers;
        const box = this.#one(".layers");
        box.replaceChildren(...layers.map(({ figure }) => figure));
        if (!layers.length) box.textContent = "No hidden layer.";
        const long = info.classes.some((name) => name.length > 2);
        const bars = Math.min(info.classes.length, long ? MOST_LONG_CLASSES : MOST_CLASSES);
        this.#bars = Array.from({ length: bars }, () => {
            const item = document.createElement("li");
            const [bar, name, share] = ["span", "b", "small"].map((tag) => document.createElement(tag));
            bar.append(document.createElement("i"));
            item.append(...(long ? [name, bar, share] : [bar, name, share]));
            return { item, name, share };
        });
        this.#one(".bars").className = `bars ${long ? "rows" : "columns"}`;
        this.#one(".bars").replaceChildren(...this.#bars.map(({ item }) => item));
    }

    /** Looks at points; at none it forgets. */
    look(points) {
        this.seen = points.length ? this.network.look(points) : null;
    }

    /** The likeliest class: its name and its probability. */
    get answer() {
        if (!this.seen) return null;
        const { probabilities } = this.seen;
        const best = probabilities.reduce((best, p, at) => (p > probabilities[best] ? at : best), 0);
        return { name: this.network.info.classes[best], probability: probabilities[best] };
    }

    /** How many units of each hidden layer are exactly 0. */
    get zeros() {
        return this.seen && this.seen.layers.map((layer) => layer.filter((value) => value === 0).length);
    }

    /** The share of all hidden units that are exactly 0. */
    get silent() {
        return this.seen ? sum(this.zeros) / Math.max(1, sum(this.network.info.hidden)) : 0;
    }

    draw() {
        put(this.#one(".threshold output"), this.#one(".threshold input").valueAsNumber.toFixed(2));
        this.#drawBars();
        const zeros = this.zeros;
        this.#layers.forEach((layer, k) => {
            const values = this.seen && this.seen.layers[k];
            if (values) this.#peaks[k] = values.reduce((most, value) => Math.max(most, Math.abs(value)), this.#peaks[k]);
            const words = values ? `${whole.format(zeros[k])} of ${whole.format(layer.units)} exactly 0` : `${whole.format(layer.units)} units`;
            put(layer.words, words);
            layer.canvas.setAttribute("aria-label", `Layer ${k + 1}: ${words}`);
            drawUnits(layer.canvas, layer.units, values, this.#peaks[k]);
        });
        this.#drawWork();
    }

    #drawBars() {
        const { classes } = this.network.info;
        const probabilities = this.seen ? this.seen.probabilities : new Float32Array(classes.length);
        let order = classes.map((_, at) => at);
        if (classes.length > this.#bars.length) order.sort((a, b) => probabilities[b] - probabilities[a]);
        const best = this.seen ? this.answer.probability : Infinity;
        this.#bars.forEach(({ item, name, share }, at) => {
            const p = probabilities[order[at]];
            item.style.setProperty("--p", p);
            item.className = p >= best ? "best" : "";
            item.title = `${classes[order[at]]}: ${percent(p)}`;
            put(name, classes[order[at]]);
            put(share, percent(p));
        });
    }

    #drawWork() {
        const parts = { made: 0, silent: 0, blank: 0 };
        let [all, above] = [1, 0];
        if (this.seen) {
            const { made, whole: most } = this.seen;
            [all, above] = [sum(most), sum(most.slice(1))];
            parts.made = sum(made);
            parts.blank = most[0] - made[0];
            parts.silent = above - sum(made.slice(1));
        }
        const share = (selector, value) => put(this.#one(`${selector} b`), this.seen ? percent(value) : "–");
        share(".zeros", this.silent);
        share(".spared", above ? parts.silent / above : 0);
        const figures = this.#root.querySelectorAll(".work dd");
        Object.entries(parts).forEach(([part, count], at) => {
            this.#one(`.stack .${part}`).style.setProperty("--p", count / all);
            put(figures[at], this.seen ? `${whole.format(count)} (${percent(count / all)})` : "");
        });
        this.#one(".stack").setAttribute("aria-label", this.seen
            ? `Of ${whole.format(all)} multiplications ${percent(parts.made / all)} made` : "No multiplications yet");
    }
}

/** How many columns show so many units on `width` pixels: cells of about 13, smaller ones where there are many, the last row full. */
function columnsFor(units, width) {
    const wanted = Math.max(Math.round(width / 13), Math.ceil(Math.sqrt(units * 2.6)));
    if (units <= wanted) return units;
    const missing = (columns) => (columns - (units % columns)) % columns;
    let best = wanted;
    for (let columns = Math.ceil(wanted * 0.85); columns <= wanted * 1.15; columns++) {
        if (missing(columns) < missing(best)) best = columns;
    }
    return best;
}

/**
 * Units as cells: a dot is exactly 0, a filled cell is not; the fuller the larger, blue above 0 and orange below. `values` null draws
 * dots alone.
 */
function drawUnits(canvas, units, values, peak) {
    const shape = (width) => {
        const columns = columnsFor(units, width);
        return [columns, Math.ceil(units / columns)];
    };
    const { context, side, columns, colours } = surface(canvas, shape);
    const pitch = side / columns;
    const gap = pitch > 6 ? 2 : pitch > 3 ? 1 : 0;
    const dot = Math.max(1, pitch / 6);
    // One colour after the other: changing it costs more than a cell.
    for (const [colour, sign] of [[colours.axis, 0], [`rgb(${colours.plus})`, 1], [`rgb(${colours.minus})`, -1]]) {
        context.fillStyle = colour;
        context.globalAlpha = 1;
        for (let unit = 0; unit < units; unit++) {
            const value = values ? values[unit] : 0;
            if (Math.sign(value) != sign) continue;
            const size = sign === 0 ? dot : pitch - gap;
            const inset = (pitch - size) / 2;
            if (sign !== 0) context.globalAlpha = 0.18 + 0.82 * Math.sqrt(Math.min(1, Math.abs(value) / peak));
            context.fillRect((unit % columns) * pitch + inset, Math.floor(unit / columns) * pitch + inset, size, size);
        }
    }
    context.globalAlpha = 1;
}
