import { check } from "./fold-test.js";

const response = await fetch("fold-vectors.json");
const { steps, sequences, faults } = check(await response.json());
const passed = steps > 0 && faults.length === 0;
document.getElementById("result").textContent =
  `${passed ? "passed" : "failed"}: ${steps} events in ${sequences} sequences\n${faults.join("\n")}`;
document.documentElement.dataset.result = passed ? "passed" : "failed";
