import { setFlagsFromString } from 'node:v8';

/*
 * Imported before anything else: undici compiles its HTTP parser as it is loaded. That is WebAssembly, one large function of it. After a
 * few answers V8 would begin to optimise it in the background, which took 20 to 30 ms of a processor in each run; as it is first
 * compiled it is quick enough for any fleet. An action has no command line for this.
 */
setFlagsFromString('--wasm-tiering-budget=1000000000');
