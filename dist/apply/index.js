import { apply } from '../shared/index.js';

await apply();
