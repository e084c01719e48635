import { setFlagsFromString } from 'node:v8';

/*
 * How V8 is to run an action, which has no command line to say it on. This is imported before anything that V8 compiles.
 */

/*
 * A hundred full policies take some tens of megabytes, and to read, merge and write them some hundred. V8 would let that pile up:
 * up to 128 MB of young objects once many of them grow old, and four times what is in use. It has room to breathe with the space
 * for young objects that it has when everything is loaded, and with twice what is in use.
 */
setFlagsFromString('--semi-space-growth-factor=1 --heap-growing-percent=100');

/*
 * The HTTP parser of undici is WebAssembly, one large function of it. After a few answers V8 would begin to optimise that in the
 * background, which took 20 to 30 ms of a processor in each run; as it is first compiled it is quick enough for any fleet.
 */
setFlagsFromString('--wasm-tiering-budget=1000000000');
