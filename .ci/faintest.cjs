// The words of a page that are hardest to read.
"use strict";

/**
 * Runs in the page: of the visible elements that `selector` names, the one whose words stand out least, as its first words and their
 * contrast (WCAG 2: from 1 to 21).
 */
module.exports = function faintest(selector) {
    const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = (colour) => {
        const [r, g, b] = parts(colour).map((value) => channel(value / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    // The first ground behind an element that is not see-through.
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            const alpha = parts(colour)[3];
            if (alpha === undefined || alpha > 0) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const contrast = (element) => {
        const style = getComputedStyle(element);
        const svg = element instanceof SVGElement && element.tagName === "text";
        const pair = [luminance(svg ? style.fill : style.color), luminance(ground(element))];
        return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    };
    const words = [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility() && element.textContent.trim());
    const faint = words.map((element) => ({ text: element.textContent.trim().slice(0, 40), contrast: contrast(element) }));
    return faint.sort((a, b) => a.contrast - b.contrast)[0];
};
