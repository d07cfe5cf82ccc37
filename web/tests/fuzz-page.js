import { fuzz } from "./fuzz-test.js";

const asked = new URLSearchParams(location.search);
const seed = Number(asked.get("seed") ?? Math.floor(Math.random() * 2 ** 32));
const inputs = Number(asked.get("inputs") ?? 20_000);
const vectors = await (await fetch("fold-vectors.json")).json();
const faults = [];
// What an event's listener throws comes here.
addEventListener("error", ({ error, message }) => faults.push(String(error?.stack ?? message)));
const pause = () => new Promise((resolve) => setTimeout(resolve, 0));
const counts = await fuzz({ seed, inputs, vectors, faults, pause }).catch((error) => {
  faults.push(String(error.stack));
  return {};
});
const passed = faults.length === 0 && Object.values(counts).every(({ read }) => read > 0);
document.getElementById("result").textContent = `${passed ? "passed" : "failed"}: seed ${seed}, ${inputs} inputs each
${Object.entries(counts).map(([name, { read }]) => `${name}: ${read} were read`).join("\n")}\n${faults.slice(0, 20).join("\n")}`;
document.documentElement.dataset.result = passed ? "passed" : "failed";
