// Draws the ratios of one or more runs of the local bench: node plot.mjs OUT.svg local.json...
import { readFileSync, writeFileSync } from "node:fs";
import { short } from "./figures.mjs";

const width = 860, left = 400, right = 90, step = 22, top = 46;
const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

// A line per ratio: its median, its 95 % interval, and a mark where the bound lies. Logarithmic, 1 = as fast.
export function plot(figures) {
    const ratios = figures.filter((f) => f.pairs && f.median > 0);
    const ends = ratios.flatMap((f) => [f.low, f.high, f.atLeast ?? f.low]);
    const least = Math.min(0.5, ...ends), most = Math.max(2, ...ends);
    const x = (value) => left + ((width - left - right) * Math.log(value / least)) / Math.log(most / least);
    const height = top + step * ratios.length + 20;
    const lines = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
        `<rect width="${width}" height="${height}" fill="#fff"/>`,
        `<text x="12" y="20" font-weight="bold">Measured ratios: median, 95 % interval, bound (red)</text>`];
    for (const tick of [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3].filter((t) => t >= least && t <= most))
        lines.push(`<line x1="${x(tick)}" x2="${x(tick)}" y1="${top - 8}" y2="${height - 16}" stroke="${tick === 1 ? "#444" : "#ddd"}"/>`,
            `<text x="${x(tick)}" y="${height - 3}" text-anchor="middle" fill="#444">${tick}</text>`);
    ratios.forEach((f, i) => {
        const y = top + step * i + 6;
        const bound = f.atLeast ?? f.atMost;
        lines.push(`<text x="${left - 10}" y="${y + 4}" text-anchor="end">${escape(`${f.row}: ${f.what}`)}</text>`,
            `<line x1="${x(f.low)}" x2="${x(f.high)}" y1="${y}" y2="${y}" stroke="#2563eb" stroke-width="3"/>`,
            `<circle cx="${x(f.median)}" cy="${y}" r="4.5" fill="#1e3a8a"/>`,
            `<text x="${width - right + 10}" y="${y + 4}">${short(f.median)}</text>`);
        if (bound !== undefined && bound >= least && bound <= most)
            lines.push(`<line x1="${x(bound)}" x2="${x(bound)}" y1="${y - 8}" y2="${y + 8}" stroke="#dc2626" stroke-width="2"/>`);
    });
    return `${[...lines, "</svg>"].join("\n")}\n`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
    const [out, ...runs] = process.argv.slice(2);
    writeFileSync(out, plot(runs.flatMap((run) => JSON.parse(readFileSync(run)).figures)));
}
