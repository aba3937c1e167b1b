// A peer for make bench: ajv, compiled, on the same events. Usage: bench_ajv.js SCHEMA EVENTS.jsonl
// Only run where node finds the module ajv; no part of the product.
const fs = require("fs");
const readline = require("readline");
const Ajv = require("ajv");
const ajv = new Ajv({ strict: false, validateFormats: false });
const validate = ajv.compile(JSON.parse(fs.readFileSync(process.argv[2], "utf8")));
let records = 0, invalid = 0;
const lines = readline.createInterface({ input: fs.createReadStream(process.argv[3], { highWaterMark: 1 << 20 }) });
lines.on("line", (line) => { records++; if (!validate(JSON.parse(line))) invalid++; });
lines.on("close", () => console.log(`${records} records, ${invalid} invalid`));
