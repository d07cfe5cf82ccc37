// Holds bounds.js to what the server's checks say of the same ops.
import { faultOf } from "../live/bounds.js";

const response = await fetch("bounds-fixtures.json");
const { ops } = await response.json();
const faults = [];
for (const { op, code } of ops) {
  const own = faultOf(op)?.code ?? null;
  if (own !== code) faults.push(`${JSON.stringify(op)} is ${own}, not ${code}`);
}

const passed = ops.length > 0 && faults.length === 0;
document.getElementById("result").textContent = `${passed ? "passed" : "failed"}: ${ops.length} ops\n${faults.join("\n")}`;
document.documentElement.dataset.result = passed ? "passed" : "failed";
