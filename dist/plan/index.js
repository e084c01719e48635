import { plan } from '../shared/index.js';

await plan();
