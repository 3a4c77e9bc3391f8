"use strict";

/** The bytes of a block of base64 in the page. */
function embedded(id) {
    const text = atob(document.getElementById(id).textContent.trim());
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
}

/**
 * A network in an instance of the engine of its own: what goes wrong in one touches no other. The calls are those of
 * `demo/src/lib.rs`. Whatever fails throws an Error whose message is for the reader.
 */
class Network {
    #calls;

    constructor(calls) {
        this.#calls = calls;
    }

    /** Opens a model file, a Uint8Array. */
    static async open(engine, file) {
        const network = new Network((await WebAssembly.instantiate(engine)).exports);
        network.#try(() => {
            network.#write(file);
            return network.#calls.open();
        });
        network.info = JSON.parse(network.#text());
        return network;
    }

    set threshold(threshold) {
        this.#try(() => this.#calls.set_threshold(threshold));
    }

    /**
     * Looks at a drawing: points as x and y in turn, shares of the pad's side, a NaN where the pen was lifted.
     *
     * Gives the picture that it saw, a byte a pixel; the activations of each hidden layer; the classes' probabilities; and for each
     * layer the multiplications made and those without skipping.
     */
    look(points) {
        this.#try(() => {
            this.#write(new Uint8Array(points.buffer, points.byteOffset, points.byteLength));
            return this.#calls.look();
        });
        const { height, width, hidden, classes } = this.info;
        let from = this.#calls.values();
        const layers = hidden.map((units) => {
            const layer = this.#read(Float32Array, from, units);
            from += layer.byteLength;
            return layer;
        });
        const work = this.#read(Float64Array, this.#calls.work(), 2 * (hidden.length + 1));
        return {
            picture: this.#read(Uint8Array, this.#calls.picture(), height * width),
            layers,
            probabilities: this.#read(Float32Array, this.#calls.probabilities(), classes.length),
            made: [...work].filter((_, at) => at % 2 === 0),
            whole: [...work].filter((_, at) => at % 2 === 1),
        };
    }

    #write(bytes) {
        const at = this.#calls.room(bytes.length);
        new Uint8Array(this.#calls.memory.buffer, at, bytes.length).set(bytes);
    }

    /** A copy: the memory moves when it grows. */
    #read(type, at, length) {
        return new type(this.#calls.memory.buffer, at, length).slice();
    }

    #text() {
        const bytes = this.#read(Uint8Array, this.#calls.text(), this.#calls.text_length());
        return new TextDecoder().decode(bytes);
    }

    #try(call) {
        let done;
        try {
            done = call();
        } catch (error) {
            if (!(error instanceof WebAssembly.RuntimeError)) throw error;
            throw new Error("The network ended in the middle: it needs more memory than the page may have, or it is damaged.");
        }
        if (!done) throw new Error(this.#text());
    }
}
