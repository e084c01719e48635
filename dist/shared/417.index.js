export const id = 417;
export const ids = [417];
export const modules = {

/***/ 6417:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  createLibraryClient: () => (/* binding */ createLibraryClient),
  projectOfMetadataServer: () => (/* binding */ projectOfMetadataServer),
  tokenError: () => (/* binding */ tokenError)
});

// EXTERNAL MODULE: ./node_modules/google-auth-library/build/src/index.js
var src = __webpack_require__(492);
// EXTERNAL MODULE: ./lib/src/redact.js
var redact = __webpack_require__(8089);
// EXTERNAL MODULE: ./lib/src/google/error-body.js
var error_body = __webpack_require__(1307);
// EXTERNAL MODULE: ./lib/src/google/errors.js
var errors = __webpack_require__(9453);
;// CONCATENATED MODULE: ./lib/src/google/redirects.js

/** A client, its helper for token exchange, and the client of the account that it impersonates with. */
const DEPTH = 3;
/**
 * Makes a client of the auth library hand redirects back: followed, a redirect of a token endpoint (307, 308) would take the
 * job's OIDC token or a refresh token along to another host. The library has an option for that, and does not pass it on to
 * the helper that exchanges tokens, so every transporter within the client is told itself.
 */
function forbidRedirects(client) {
    tell(client, DEPTH);
    return client;
}
function tell(holder, depth) {
    for (const part of Object.values(holder)) {
        if (part instanceof src.gaxios.Gaxios)
            part.defaults = { ...part.defaults, redirect: 'manual' };
        else if (typeof part === 'object' && part !== null && depth > 1)
            tell(part, depth - 1);
    }
}

// EXTERNAL MODULE: ./lib/src/google/within.js
var within = __webpack_require__(4585);
;// CONCATENATED MODULE: ./lib/src/google/auth-library.js






const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
/**
 * Without a project the library looks for one when it makes a client: it runs `gcloud`, asks the metadata server and Resource
 * Manager, and fails when they do. We never ask the library for a project, so anything will do.
 */
const NO_PROJECT_LOOKUP = 'not-looked-up';
/** The metadata server answers within milliseconds where there is one. */
const DETECTION_TIMEOUT = 10_000;
/**
 * A client for Application Default Credentials. Nothing is sent for it, except where a metadata server may be.
 * @throws whatever the library throws, and an Error when it takes too long
 */
async function createLibraryClient(universe) {
    // google-github-actions/auth writes no universe into a workload identity file, so the library has to be told.
    const auth = new src.GoogleAuth({ scopes: [SCOPE], projectId: NO_PROJECT_LOOKUP, universeDomain: universe });
    return forbidRedirects(await (0,within/* within */.u)(DETECTION_TIMEOUT, auth.getClient(), noAnswer));
}
/** @returns the project of the machine this runs on, if it is one of Google Cloud */
async function projectOfMetadataServer() {
    const ask = async () => {
        if (!src.gcpMetadata.getGCPResidency() && !(await src.gcpMetadata.isAvailable()))
            return undefined;
        return String(await src.gcpMetadata.project('project-id'));
    };
    try {
        return await (0,within/* within */.u)(DETECTION_TIMEOUT, ask(), noAnswer);
    }
    catch {
        // Only a convenience: the caller will ask for a project when none is known.
        return undefined;
    }
}
const noAnswer = () => new Error(`no answer within ${DETECTION_TIMEOUT / 1000} s`);
/** What the library's error is about. The error itself is dropped, since it holds the request with the OIDC token in it. */
function tokenError(error) {
    const { response, config } = (error ?? {});
    const endpoint = withoutQuery(response?.config?.url ?? config?.url);
    if (response?.status !== undefined) {
        const { data } = response;
        const said = typeof data === 'string' || data === undefined ? (0,error_body/* parseErrorBody */.kW)(data ?? '') : (0,error_body/* errorBodyOf */.iE)(data);
        const label = [response.status, said.status].filter(Boolean).join(' ');
        return new errors/* AuthError */.lR('rejected', `No token for Google Cloud: ${endpoint} answered ${label}: ${withoutTokens(said.message)}`, response.status);
    }
    if (error instanceof src.gaxios.GaxiosError) {
        return new errors/* AuthError */.lR('unreachable', `No token for Google Cloud: ${endpoint} can't be reached: ${withoutTokens(error.message)}`);
    }
    // The library stumbles over an answer that is no JSON object, and such an error quotes the answer: with the token in it.
    if (['TypeError', 'SyntaxError', 'RangeError'].includes(error?.name ?? '')) {
        return new errors/* AuthError */.lR('malformed', errors/* MALFORMED_TOKEN */.oN);
    }
    return new errors/* AuthError */.lR('rejected', `No token for Google Cloud: ${withoutTokens(messageOf(error))}`);
}
function withoutQuery(url) {
    if (typeof url !== 'string' && !(url instanceof URL))
        return 'the token endpoint';
    return (0,redact/* redactUrl */.B)(String(url).replace(/[?#].*$/, ''));
}
/**
 * Who refuses a token may quote it, and the runner does not know the library's tokens: JWTs, and those of Google. A header that
 * cannot be sent is quoted whole.
 */
const withoutTokens = (text) => /header value/i.test(text)
    ? 'a header holds a character that none may hold'
    : text.replace(/\b(?:eyJ|ya29\.|1\/\/)[\w.~+/=-]{8,}/g, '\u2026');
const messageOf = (error) => (error instanceof Error ? error.message : String(error));


/***/ })

};
