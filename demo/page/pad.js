/** Where one draws: with mouse, finger or pen, and with the keyboard. Calls `changed` when the drawing has. */
class Pad {
    /** How wide the pen looks, as a share of the side. */
    static PEN = 0.075;
    /** How far an arrow key moves, and how far with Shift. */
    static STEP = 0.04;
    static SMALL_STEP = 0.01;
    static ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

    /** Strokes of points, each x, y, x, y and so on. */
    strokes = [];
    #canvas;
    #changed;
    #say;
    #pointer = null;
    #pen = { x: 0.5, y: 0.2, down: false, shown: false };
    #held = new Set();

    constructor(canvas, changed, say) {
        this.#canvas = canvas;
        this.#changed = changed;
        this.#say = say;
        const on = (name, act) => canvas.addEventListener(name, act);
        on("pointerdown", (event) => this.#begin(event));
        on("pointermove", (event) => this.#move(event));
        for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) on(name, (event) => this.#end(event));
        on("keydown", (event) => this.#key(event));
        on("keyup", (event) => this.#held.delete(event.key));
        on("focus", () => this.draw());
        on("blur", () => {
            this.#held.clear();
            this.#lift();
            this.#pen.shown = false;
            this.draw();
        });
    }

    get empty() {
        return this.strokes.length === 0;
    }

    /** All points; a pair of NaN lifts the pen. */
    get points() {
        return Float32Array.from(this.strokes.flatMap((stroke) => [...stroke, NaN, NaN]));
    }

    /** Takes strokes for what was drawn. */
    set(strokes) {
        this.#pointer = null;
        this.#lift();
        this.strokes = strokes;
        this.#changed();
    }

    clear() {
        this.set([]);
    }

    undo() {
        this.set(this.strokes.slice(0, -1));
    }

    #place(event) {
        const box = this.#canvas.getBoundingClientRect();
        return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    }

    #begin(event) {
        // A second finger draws nothing, nor does another button.
        if (!event.isPrimary || event.button !== 0 || this.#pointer !== null) return;
        this.#lift();
        this.#pen.shown = false;
        this.#pointer = event.pointerId;
        this.#canvas.setPointerCapture(event.pointerId);
        this.strokes.push(this.#place(event));
        this.#changed();
    }

    #move(event) {
        if (event.pointerId !== this.#pointer) return;
        const stroke = this.strokes.at(-1);
        const coalesced = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
        for (const each of coalesced.length ? coalesced : [event]) {
            const [x, y] = this.#place(each);
            if (Math.hypot(x - stroke.at(-2), y - stroke.at(-1)) > 0.004) stroke.push(x, y);
        }
        this.#changed();
    }

    #end(event) {
        if (event.pointerId === this.#pointer) this.#pointer = null;
    }

    #lift() {
        this.#pen.down = false;
    }

    #key(event) {
        const pen = this.#pen;
        if (event.key in Pad.ARROWS) {
            this.#held.add(event.key);
            const step = event.shiftKey ? Pad.SMALL_STEP : Pad.STEP;
            // Two keys at once go across.
            for (const key of this.#held) {
                const [right, down] = Pad.ARROWS[key];
                pen.x = Math.min(0.96, Math.max(0.04, pen.x + right * step));
                pen.y = Math.min(0.96, Math.max(0.04, pen.y + down * step));
            }
            if (pen.down) this.strokes.at(-1).push(pen.x, pen.y);
        } else if (event.key === " ") {
            if (event.repeat) return event.preventDefault();
            pen.down = !pen.down;
            if (pen.down) this.strokes.push([pen.x, pen.y]);
            this.#say(pen.down ? "pen down" : "pen up");
        } else if (event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey))) {
            this.undo();
            this.#say("stroke taken back");
        } else if (event.key === "Escape" || event.key === "Delete") {
            this.clear();
            this.#say("cleared");
        } else {
            return;
        }
        pen.shown = true;
        event.preventDefault();
        this.#changed();
    }

    draw() {
        const { context, side, colours } = surface(this.#canvas);
        const line = (points) => {
            context.beginPath();
            context.moveTo(points[0] * side, points[1] * side);
            // A dot is a line that ends where it begins.
            for (let at = points.length > 2 ? 2 : 0; at < points.length; at += 2) context.lineTo(points[at] * side, points[at + 1] * side);
            context.stroke();
        };
        context.lineCap = context.lineJoin = "round";
        if (this.empty) {
            context.fillStyle = colours.soft;
            context.font = `15px ${getComputedStyle(document.body).fontFamily}`;
            context.textAlign = "center";
            context.fillText("draw here", side / 2, side / 2);
        }
        context.strokeStyle = colours.ink;
        context.lineWidth = Pad.PEN * side;
        this.strokes.forEach(line);
        if (this.#pen.shown) {
            const { x, y, down } = this.#pen;
            context.lineWidth = 2;
            context.strokeStyle = context.fillStyle = `rgb(${colours.minus})`;
            context.beginPath();
            context.arc(x * side, y * side, down ? 5 : 9, 0, 2 * Math.PI);
            down ? context.fill() : context.stroke();
        }
    }
}

/** Sizes and colours of canvases: asking the browser anew at each stroke would cost more than all else. */
let measured = new WeakMap();

/** To be called when the page's width or colours change. */
function measureAnew() {
    measured = new WeakMap();
}

/**
 * A canvas cleared, to be drawn on in CSS pixels, as wide as it is on the screen. `shape` gives columns and rows of its width: the
 * canvas is as high as so many rows of squares.
 */
function surface(canvas, shape = () => [1, 1]) {
    let known = measured.get(canvas);
    if (!known) {
        const side = canvas.clientWidth;
        const dots = window.devicePixelRatio || 1;
        const [columns, rows] = shape(side);
        const style = getComputedStyle(canvas);
        const colours = {};
        for (const name of ["ink", "soft", "axis", "plus", "minus"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
        canvas.style.aspectRatio = `${columns} / ${rows}`;
        canvas.width = Math.round(side * dots);
        canvas.height = Math.round((side * dots * rows) / columns);
        known = { context: canvas.getContext("2d"), side, columns, dots, colours };
        measured.set(canvas, known);
    }
    const { context, dots } = known;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(dots, 0, 0, dots, 0, 0);
    return known;
}
