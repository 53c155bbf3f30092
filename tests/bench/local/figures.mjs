// A figure of the table: a median with its interval, what it must be, and whether it is.
import { median, medianInterval } from "./stats.mjs";

// `values` are paired ratios; `value` is a single number instead. `atLeast` or `atMost` is the bound; a
// figure without one is shown for comparison. `key` names it in the last line.
export function figure({ row, what, values, value, atLeast, atMost, key, equal = 0, checked = 0, exactness = "-",
    note = "" }) {
    const middle = values ? median(values) : value;
    const [low, high] = values ? medianInterval(values) : [value, value];
    const out = { row, what, key, median: middle, low, high, pairs: values?.length ?? 0, equal, checked, exactness,
        note, atLeast, atMost, values };
    // The rule: the median meets the bound, and the interval's end is within .02 of it.
    if (atLeast !== undefined) out.met = middle >= atLeast && low >= atLeast - 0.02;
    if (atMost !== undefined) out.met = middle <= atMost && high <= atMost + (values ? 0.02 : 0);
    return out;
}

export const short = (x) => (x === undefined || x === null || Number.isNaN(x) ? "-" :
    Math.abs(x) >= 100 ? x.toFixed(0) : x.toFixed(3));

export function table(figures) {
    const rows = [["row", "figure", "median", "95 %", "pairs", "must be", "met", "equal", "exactness", "note"]];
    for (const f of figures)
        rows.push([f.row, f.what, short(f.median), f.pairs ? `${short(f.low)} … ${short(f.high)}` : "", f.pairs || "",
            f.atLeast !== undefined ? `>= ${f.atLeast}` : f.atMost !== undefined ? `<= ${f.atMost}` : "",
            f.met === undefined ? "" : f.met ? "yes" : "NO", f.checked ? `${f.equal}/${f.checked}` : "", f.exactness,
            f.note].map(String));
    const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
    return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd()).join("\n");
}

// "key=value …". Several figures of one key: the worst counts, which is the smallest of what must be large and the
// largest of what must be small. "-" = not measured in this run.
export function keyed(figures, keys) {
    return keys.map((key) => {
        const of = figures.filter((f) => f.key === key);
        const medians = of.map((f) => f.median);
        const worst = of.some((f) => f.atMost !== undefined) ? Math.max(...medians) : Math.min(...medians);
        return `${key}=${of.length && !medians.includes(undefined) ? short(worst) : "-"}`;
    }).join(" ");
}

// The last line of a bench that compares answers.
export function lastLine(figures, keys) {
    const checked = figures.reduce((sum, f) => sum + f.checked, 0);
    const equal = figures.reduce((sum, f) => sum + f.equal, 0);
    return `equal=${checked ? (equal === checked ? "1" : (equal / checked).toFixed(4)) : "-"} ${keyed(figures, keys)}`;
}
