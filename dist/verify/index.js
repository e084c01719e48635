import { verify } from '../shared/index.js';

await verify();
