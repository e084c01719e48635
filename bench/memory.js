// Loaded before the action: writes the peak of its memory, in KiB, when it ends.
import { writeFileSync } from 'node:fs';

process.on('exit', () => writeFileSync(process.env['BENCH_MEMORY'] ?? '', `${process.resourceUsage().maxRSS}`));
